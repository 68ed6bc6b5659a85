/** The static shape of one micro-batch: graphs are compiled for it once and used again. */
export interface Bucket {
  batch: number;
  /** Tokens of a row, padded on the right. */
  length: number;
  /** Tokens of a prompt that an encoder reads, padded on the right; null where the row holds the prompt itself. */
  source: number | null;
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

/** Shortest row of a bucket. */
export const SHORTEST = 16;

/** Most tokens that a micro-batch looks up: how many rows of gradient an embedding may get. */
export function mostTokens(batch: number, limits: { prompt: number; completion: number }, hasEncoder: boolean): number {
  const { prompt, completion } = limits;
  return batch * (hasEncoder ? roundUp(prompt, SHORTEST) + roundUp(completion, SHORTEST) : roundUp(prompt + completion, SHORTEST));
}

export function bucketKey({ batch, length, source, positions }: Bucket): string {
  return `${batch} x ${source ?? ''}>${length}, ${positions}`;
}
