import type { StepMetrics } from '../contract/events.ts';

/** Steps whose mean is looked at. */
const STEPS = 5;
/** Below this, what is not told of a teacher is no small rest any more. */
const ENOUGH = 0.9;

/** Says once where the tokens that a server tells cover little of its teacher's probability. */
export class CoveredWatch {
  private readonly topLogprobs: number | null;
  private readonly seen: number[] = [];

  /** @param topLogprobs  tokens that the teacher's server tells; null where the teacher is none */
  constructor(topLogprobs: number | null) {
    this.topLogprobs = topLogprobs;
  }

  watch({ teacherCovered }: Pick<StepMetrics, 'teacherCovered'>): { code: string; message: string } | null {
    if (this.topLogprobs === null || teacherCovered === null || this.seen.length === STEPS) return null;
    this.seen.push(teacherCovered);
    const mean = this.seen.reduce((sum, share) => sum + share, 0) / STEPS;
    if (this.seen.length < STEPS || mean >= ENOUGH) return null;
    return {
      code: 'covered',
      message: `The ${this.topLogprobs} likeliest tokens that the server tells have ${Math.round(100 * mean)}% of the teacher's probability; of the rest the student only learns how much it is. Raise teacher.server.topLogprobs, and where it is vLLM, its --max-logprobs.`,
    };
  }
}
