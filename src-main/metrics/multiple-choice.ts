import type { Score } from '../contract/events.ts';
import { bootstrapAll, type Scored } from './bootstrap.ts';
import { Statistics } from './statistics.ts';

/** The metric of questions whose answer is the likeliest of a few choices, as MMLU and BIG-bench Hard are scored. */
export const MULTIPLE_CHOICE = 'multiple-choice';
/** What it reports. */
export const CHOICE_ACCURACY = 'choice-accuracy';
export const CHOICE_ACCURACY_NORM = 'choice-accuracy-norm';

/** A question's choices: how likely each is behind the prompt (log-probability), and how many characters it has. */
export interface JudgedChoices { logprobs: readonly number[]; lengths: readonly number[]; answer: number }

/**
 * `choice-accuracy`, the share of questions whose likeliest choice is right, and `choice-accuracy-norm`, the same of the
 * log-probability by the choice's characters: acc and acc_norm of lm-evaluation-harness. Questions come some at a time.
 */
export class RunningChoices {
  private readonly right = new Statistics();

  add(questions: readonly JudgedChoices[]): void {
    for (const { logprobs, lengths, answer } of questions) {
      this.right.add([logprobs, logprobs.map((logprob, at) => logprob / lengths[at]!)].map((values) => (largest(values) === answer ? 1 : 0)));
    }
  }

  all(seed: number): Record<string, Score> {
    const share = (place: number): Scored => ({ statistics: this.right, score: (sums, count) => sums[place]! / count });
    const [plain, norm] = bootstrapAll([share(0), share(1)], seed);
    return { [CHOICE_ACCURACY]: plain!, [CHOICE_ACCURACY_NORM]: norm! };
  }
}

/** Place of the largest value, the first of several. */
const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));
