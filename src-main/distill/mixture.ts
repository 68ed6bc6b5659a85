import type { Method } from '../contract/presets.ts';
import { uniform } from '../contract/random.ts';

type Mixture = Pick<Method, 'lambda' | 'lambdaSchedule' | 'lambdaRampSteps' | 'mixing'>;

/** The share of student-written examples at a step (from 1): constant, or rising in a line over the first steps. */
export function lambdaAt({ lambda, lambdaSchedule, lambdaRampSteps }: Mixture, step: number): number {
  if (lambdaSchedule === 'constant' || step >= lambdaRampSteps) return lambda;
  return (lambda * step) / lambdaRampSteps;
}

/**
 * Which examples of a step's batch the student writes itself. `batch` draws one u for all (Algorithm 1 of GKD),
 * `example` one for each; an example is the student's where u < lambda, so 0 means never and 1 always.
 */
export function drawOnPolicy(mixture: Mixture, seed: number, step: number, count: number): boolean[] {
  const lambda = lambdaAt(mixture, step);
  return Array.from({ length: count }, (_, at) => {
    const example = mixture.mixing === 'batch' ? 0 : at;
    return uniform(seed, { purpose: 'mixture', step, example }) < lambda;
  });
}
