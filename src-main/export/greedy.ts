import type { OpenedModel, Past } from './opened.ts';

export interface GreedyText { tokens: number[]; /** Milliseconds of every token but the first, which waits for the prompt. */ times: number[] }

/**
 * The greedy continuation of a prompt by an exported model, a token at a time through its cache.
 * @param width  of a row of logits
 * @param vocabulary  ids below this may be written
 */
export async function writeGreedily(
  model: OpenedModel, prompt: Int32Array, { width, vocabulary, newTokens, eos }: { width: number; vocabulary: number; newTokens: number; eos: ReadonlySet<number> },
): Promise<GreedyText> {
  const written: GreedyText = { tokens: [], times: [] };
  let tokens = model.startId === null ? prompt : Int32Array.of(model.startId);
  let past: Past | null = null;
  while (written.tokens.length < newTokens) {
    const start = performance.now();
    const step = await model.run(prompt, tokens, past);
    if (past) written.times.push(performance.now() - start);
    past = step.past;
    const next = top(step.logits.subarray(step.logits.length - width), vocabulary);
    written.tokens.push(next);
    if (eos.has(next)) break;
    tokens = Int32Array.of(next);
  }
  return written;
}

function top(logits: Float32Array, vocabulary: number): number {
  let best = 0;
  for (let id = 1; id < vocabulary; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** How far two texts are the same from their start, in tokens. */
export function sharedLength(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}
