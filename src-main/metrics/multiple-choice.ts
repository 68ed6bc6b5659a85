import type { Score } from '../contract/events.ts';
import { bootstrap } from './bootstrap.ts';
import { meanMetric } from './metric.ts';

/** The metric of questions whose answer is the likeliest of a few choices, as MMLU and BIG-bench Hard are scored. */
export const MULTIPLE_CHOICE = 'multiple-choice';
/** What it reports. */
export const CHOICE_ACCURACY = 'choice-accuracy';
export const CHOICE_ACCURACY_NORM = 'choice-accuracy-norm';

/** A question's choices: how likely each is behind the prompt (log-probability), and how many characters it has. */
export interface JudgedChoices { logprobs: readonly number[]; lengths: readonly number[]; answer: number }

/**
 * `choice-accuracy`, the share of questions whose likeliest choice is right, and `choice-accuracy-norm`, the same of the
 * log-probability by the choice's characters: acc and acc_norm of lm-evaluation-harness.
 */
export function scoreChoices(questions: readonly JudgedChoices[], seed: number): Record<string, Score> {
  const share = (values: (question: JudgedChoices) => readonly number[]): Score =>
    bootstrap(questions.map((question) => [largest(values(question)) === question.answer ? 1 : 0]), mean, seed);
  return {
    [CHOICE_ACCURACY]: share(({ logprobs }) => logprobs),
    [CHOICE_ACCURACY_NORM]: share(({ logprobs, lengths }) => logprobs.map((logprob, at) => logprob / lengths[at]!)),
  };
}

const { score: mean } = meanMetric(MULTIPLE_CHOICE, true, () => 0);

/** Place of the largest value, the first of several. */
const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));
