/** Pearson's statistic of counts against probabilities; texts expected fewer than five times are counted together. */
export function chiSquare(counts: ReadonlyMap<string, number>, probabilities: ReadonlyMap<string, number>, total: number): { statistic: number; freedom: number } {
  const cells: { seen: number; expected: number }[] = [];
  const rare = { seen: 0, expected: 0 };
  for (const [key, probability] of probabilities) {
    const expected = probability * total;
    const seen = counts.get(key) ?? 0;
    if (expected >= 5) cells.push({ seen, expected });
    else {
      rare.seen += seen;
      rare.expected += expected;
    }
  }
  if (rare.expected > 0) cells.push(rare);
  const statistic = cells.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
  return { statistic, freedom: cells.length - 1 };
}

/** What a chi-square variable exceeds once in a thousand times (Wilson and Hilferty's approximation). */
export function likelyAtMost(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.09 * Math.sqrt(spread)) ** 3;
}
