/** One record of a data file: a value for each column. */
export type Row = Record<string, unknown>;

/** About the characters of a value's texts, and some for each of its parts. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 16;
  for (const key in value) size += 8 + sizeOf((value as Row)[key]);
  return size;
}
