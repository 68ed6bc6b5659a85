import type { Lengths, LengthSummary } from '../contract/data-view.ts';
import type { TextLengths } from './text-lengths.ts';

/** How long the examples of a data set are and how many do not fit, for a preview and before a run. */
export function summarizeLengths(all: Iterable<TextLengths>): LengthSummary {
  const examples = [...all];
  const count = (holds: (example: TextLengths) => boolean): number => examples.filter(holds).length;
  return {
    examples: examples.length,
    prompt: lengths(examples.map(({ prompt }) => prompt)),
    completion: lengths(examples.map(({ completion }) => completion).filter((length) => length > 0)),
    cutPrompts: count(({ cutOfPrompt }) => cutOfPrompt > 0),
    cutCompletions: count(({ cutOfCompletion }) => cutOfCompletion > 0),
    emptyPrompts: count(({ prompt }) => prompt === 0),
    emptyCompletions: count(({ completion }) => completion === 1),
  };
}

function lengths(values: readonly number[]): Lengths | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  // The smallest length that at least this share of the examples do not exceed.
  const quantile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1),
  };
}
