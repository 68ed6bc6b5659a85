import type { StepMetrics } from '../contract/events.ts';

/** What is told of a step that has changed nothing because its gradient was no number; null of every other. */
export function skippedStep({ step, gradientNorm, skipped, lossScale }: Pick<StepMetrics, 'step' | 'gradientNorm' | 'skipped' | 'lossScale'>): { code: 'skipped'; message: string } | null {
  if (Number.isFinite(gradientNorm)) return null;
  const falls = lossScale !== null && lossScale > 1 ? ` The loss was multiplied by ${lossScale}, and is by ${lossScale / 2} from here on, as float16 finds its range.` : '';
  return { code: 'skipped', message: `Step ${step} has changed nothing: its gradient is not finite.${falls} Such steps so far: ${skipped ?? 1}.` };
}
