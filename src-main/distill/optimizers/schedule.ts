import type { TrainSettings } from '../../contract/recipe.ts';

type ScheduleSettings = Pick<TrainSettings, 'learningRate' | 'schedule' | 'finalLearningRate' | 'warmupSteps'>;

/**
 * The learning rate of update `step` (from 1) of `steps`, equal to that of Transformers' schedules with warm-up, which
 * count from 0: the first warm-up step has rate 0, and the final share would belong to the update after the last.
 */
export function learningRateAt(step: number, steps: number, settings: ScheduleSettings): number {
  const { learningRate, schedule, finalLearningRate, warmupSteps } = settings;
  const done = step - 1;
  if (done < warmupSteps) return learningRate * (done / warmupSteps);
  const progress = Math.min(1, (done - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * (finalLearningRate + (1 - finalLearningRate) * remaining[schedule](progress));
}

/** Share of the way from the full rate down to the final one that is still ahead, by the share of steps done. */
const remaining: Record<TrainSettings['schedule'], (progress: number) => number> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};
