import type { Lengths, LengthSummary } from '../contract/data-view.ts';
import type { EncodedTexts } from './encode.ts';

/** How long the examples of a data set are and how many do not fit, for a preview and before a run. */
export function summarizeLengths(examples: readonly EncodedTexts[]): LengthSummary {
  const count = (holds: (example: EncodedTexts) => boolean): number => examples.filter(holds).length;
  return {
    examples: examples.length,
    prompt: lengths(examples.map(({ promptLength }) => promptLength)),
    completion: lengths(examples.map(({ completionLength }) => completionLength).filter((length) => length > 0)),
    cutPrompts: count(({ prompt, promptLength }) => prompt.length < promptLength),
    cutCompletions: count(({ completion, completionLength }) => completion.length < completionLength),
    emptyPrompts: count(({ promptLength }) => promptLength === 0),
    emptyCompletions: count(({ completionLength }) => completionLength === 1),
  };
}

function lengths(values: readonly number[]): Lengths | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  // The smallest length that at least this share of the examples do not exceed.
  const quantile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: quantile(0.5), p95: quantile(0.95), max: quantile(1),
  };
}
