import type { ParityText } from '../../export/parity.ts';
import type { TrainedModel } from './trained.ts';

/** Tokens of a greedy text that files are compared on. */
const LENGTH = 64;

/** The trained model's greedy texts to the prompts of a report. */
export interface GreedyTexts { /** Most tokens of one. */ readonly length: number; readonly texts: readonly Int32Array[] }

/** Each as far as the model ends it itself, a token that ends it included. */
export async function greedyTexts(trained: TrainedModel, texts: readonly ParityText[], signal: AbortSignal): Promise<GreedyTexts> {
  const longest = Math.max(...texts.map(({ prompt }) => prompt.length));
  // A tiny context may have no room for a whole one.
  const length = Math.max(1, Math.min(LENGTH, (trained.model.decoder.contextLength ?? Infinity) - longest));
  const written = await trained.write(texts.map(({ prompt }, id) => ({ id, tokens: prompt })), length, { strategy: 'greedy' }, signal);
  return { length, texts: written.map(({ tokens }) => tokens) };
}
