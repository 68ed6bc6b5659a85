/** Bytes at either end of a file whose SHA-256, the first before the last, tells it from others of its name, size and time. */
export const FILE_END = 2 ** 16;

/** Ranges [from, to) of a file's first and last bytes. */
export function endsOf(bytes: number): [first: readonly [number, number], last: readonly [number, number]] {
  return [[0, Math.min(bytes, FILE_END)], [Math.max(0, bytes - FILE_END), bytes]];
}
