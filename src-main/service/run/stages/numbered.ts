import type { StepResult } from '../../../distill/trainer.ts';
import type { PreparedStage } from './prepare-stages.ts';

/** What a stage's step told, with the number that it has in the whole run. */
export function numbered<Example>({ metrics, rollouts }: StepResult<Example>, { first, firstEpoch }: Pick<PreparedStage, 'first' | 'firstEpoch'>): StepResult<Example> {
  return {
    metrics: { ...metrics, step: first + metrics.step, epoch: firstEpoch + metrics.epoch },
    rollouts: rollouts.map((rollout) => ({ ...rollout, step: first + rollout.step })),
  };
}
