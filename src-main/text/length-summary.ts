import type { Lengths, LengthSummary } from '../contract/data-view.ts';
import { Numbers } from '../files/numbers.ts';
import type { TextLengths } from './text-lengths.ts';

/** How long the examples of a data set are and how many do not fit, for a preview and before a run. There may be a million. */
export function summarizeLengths(all: Iterable<TextLengths>): LengthSummary {
  const [prompts, completions] = [new Numbers(), new Numbers()];
  const summary = { examples: 0, cutPrompts: 0, cutCompletions: 0, emptyPrompts: 0, emptyCompletions: 0 };
  for (const { prompt, completion, cutOfPrompt, cutOfCompletion } of all) {
    summary.examples++;
    prompts.push(prompt);
    if (completion > 0) completions.push(completion);
    if (cutOfPrompt > 0) summary.cutPrompts++;
    if (cutOfCompletion > 0) summary.cutCompletions++;
    if (prompt === 0) summary.emptyPrompts++;
    if (completion === 1) summary.emptyCompletions++;
  }
  return { ...summary, prompt: lengths(prompts), completion: lengths(completions) };
}

function lengths(values: Numbers): Lengths | null {
  if (values.length === 0) return null;
  const sorted = values.sorted();
  // The smallest length that at least this share of the examples do not exceed.
  const quantile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    median: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1),
  };
}
