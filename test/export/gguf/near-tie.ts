import type { TrainedModel } from '../../../src-main/service/export/trained.ts';

/** By how many standard deviations of a row of logits its two best may lie apart and still be a tie. */
export const NEAR_TIE = 0.01;

/** By how many standard deviations of its row the last token of a completion is likelier than another one. */
export async function closeness(trained: TrainedModel, prompt: Int32Array, completion: Int32Array, other: number): Promise<number> {
  const row = (await trained.logits({ prompt, completion })).slice(-trained.model.decoder.vocabSize);
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length);
  return (row[completion.at(-1)!]! - row[other]!) / deviation;
}
