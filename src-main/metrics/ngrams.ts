/** What Python's `str.split()` splits at, which the field's metrics are built on; JavaScript's `\s` differs in a few. */
const SPACES = String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+`;
const SPACE = new RegExp(SPACES, 'u');
const SPACE_AT_END = new RegExp(`${SPACES}$`, 'u');

/** Python's `rstrip`: a byte-order mark is no space to it. */
export function trimEnd(text: string): string {
  return text.replace(SPACE_AT_END, '');
}

export function splitWords(text: string): string[] {
  return text.split(SPACE).filter((word) => word !== '');
}

/** How often each run of `n` tokens occurs. Tokens hold no NUL. */
export function countNgrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + n <= tokens.length; at++) {
    const key = n === 1 ? tokens[at]! : tokens.slice(at, at + n).join('\0');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** How many n-grams two texts share, each as often as it is in both. */
export function overlap(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const [key, count] of left) shared += Math.min(count, right.get(key) ?? 0);
  return shared;
}
