import type { TrainedTexts } from '../../export/llama/run-llama.ts';
import type { Measure } from './measure.ts';

/** What a runtime is held to: the trained model's greedy texts, and its first choice and perplexity over the report's texts. */
export async function trainedTexts({ trained, texts, greedy: { length, texts: written } }: Measure, stops: readonly number[], signal: AbortSignal): Promise<TrainedTexts & { perplexity: number }> {
  const { vocabSize } = trained.model.decoder;
  const tops: Int32Array[] = [];
  let [surprise, tokens] = [0, 0];
  for (const text of texts) {
    signal.throwIfAborted();
    const logits = await trained.logits(text);
    const rows = Array.from(text.completion, (_, row) => logits.subarray(row * vocabSize, (row + 1) * vocabSize));
    tops.push(Int32Array.from(rows, top));
    text.completion.forEach((token, row) => { surprise += surpriseOf(rows[row]!, token); });
    tokens += text.completion.length;
  }
  const greedy = written.map((all) => upTo(all, new Set(stops)));
  return { texts, tops, greedy, length, perplexity: Math.exp(surprise / tokens) };
}

/** Up to the first token that ends an answer, it included. */
function upTo(tokens: Int32Array, stops: ReadonlySet<number>): Int32Array {
  const end = tokens.findIndex((token) => stops.has(token));
  return end < 0 ? tokens : tokens.subarray(0, end + 1);
}

function top(row: Float32Array): number {
  let best = 0;
  for (let id = 1; id < row.length; id++) if (row[id]! > row[best]!) best = id;
  return best;
}

/** The negative log-probability of a token, in nats. */
function surpriseOf(row: Float32Array, token: number): number {
  const largest = row[top(row)]!;
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - largest);
  return largest + Math.log(sum) - row[token]!;
}
