/** The place nearest to `at` that has a value: lines that were joined have theirs at different places. */
export function nearest(column: ArrayLike<number | null | undefined>, at: number): number {
  for (let away = 0; away < column.length; away++) {
    if (column[at - away] != null) return at - away;
    if (column[at + away] != null) return at + away;
  }
  return at;
}
