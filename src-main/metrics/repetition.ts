/** Share of a text's n-grams that are different from each other; null where it is too short to have one. */
export function distinctShare(tokens: ArrayLike<number | string>, n: number): number | null {
  const total = tokens.length - n + 1;
  if (total <= 0) return null;
  const all = Array.from(tokens);
  const seen = new Set<string>();
  for (let at = 0; at < total; at++) seen.add(JSON.stringify(all.slice(at, at + n)));
  return seen.size / total;
}

/**
 * Share of a text's n-grams that it has said before: near 0 in ordinary writing, towards 1 in a loop. A student that
 * collapses shows it here before its loss does.
 */
export function repetitionRate(tokens: ArrayLike<number | string>, n = 4): number {
  return 1 - (distinctShare(tokens, n) ?? 1);
}
