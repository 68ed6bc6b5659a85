import type { Problem } from '../contract/problem.ts';

/** What went wrong and may go right a moment later: a cut connection, a hub that is busy. */
export class PassingFault extends Error {
  /** What is told where it does not pass. */
  readonly problem: Problem;
  /** Milliseconds that the hub asked to wait; null where it did not. */
  readonly pause: number | null;

  constructor(problem: Problem, pause: number | null = null) {
    super(problem.message, { cause: problem });
    this.problem = problem;
    this.pause = pause;
  }
}
