/** The static shape of one micro-batch: graphs are compiled for it once and used again. */
export interface Bucket {
  batch: number;
  /** Tokens of a row, padded on the right. */
  length: number;
  /** Positions whose next token is learned, over all rows. */
  positions: number;
}

/**
 * The next size up of a ladder with four rungs an octave (16, 20, 24, 28, 32, 40, ...): at most a quarter of a
 * batch is padding, and a run meets few different sizes.
 */
export function roundUp(size: number, least: number): number {
  if (size <= least) return least;
  const rung = 2 ** (Math.floor(Math.log2(size)) - 2);
  return Math.ceil(size / rung) * rung;
}

export function bucketKey({ batch, length, positions }: Bucket): string {
  return `${batch} x ${length}, ${positions}`;
}
