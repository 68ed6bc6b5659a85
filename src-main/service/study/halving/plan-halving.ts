import type { DivergenceName } from '../../../contract/divergence.ts';
import { Problem } from '../../../contract/problem.ts';
import { lastStage } from '../../../contract/stages.ts';
import { methodOf } from '../../recipe/recipe-file.ts';
import { systemKey, type PlannedRun } from '../plan.ts';
import type { HalvingMetric } from './metric.ts';

export interface HalvingPlan {
  metric: HalvingMetric;
  /** Systems that are left at the end. */
  keep: number;
  /** By what `divergence` is measured for all of them: their own in their last stage where they have the same, else forward KL. */
  divergence: Exclude<DivergenceName, 'cross_entropy'>;
  beta: number;
}

/** Looks at all that a halving needs of a study's runs. @throws Problem, before anything runs */
export function planHalving(runs: readonly PlannedRun[], metric: HalvingMetric, keep: number): HalvingPlan {
  const systems = new Set(runs.map(systemKey)).size;
  if (systems <= keep) {
    throw new Problem(systems === 1 ? 'The study has one arm, and --halving compares several.' : `The study has ${systems} arms and points of its grid, and --keep ${keep} leaves as many.`, { hint: 'Give more arms, or a grid.' });
  }
  for (const { key, recipe: { data, teacher } } of runs) {
    if (data.validation === undefined && data.validationShare === undefined) throw new Problem(`Run ${key} has no held-out rows, and --halving compares runs on them.`, { hint: 'Give data.validation or data.validationShare.' });
    if (metric.needsAnswers && data.completion === undefined && data.messages === undefined) throw new Problem(`Run ${key} has no right answers, and ${metric.name} needs them.`, { hint: 'Give data.completion.' });
    if (metric.needsTeacher && teacher === undefined) throw new Problem(`Run ${key} has no teacher, and ${metric.name} is measured against one.`, { hint: 'Give every arm the teacher, which fine-tuning does not ask, or compare by loss.' });
  }
  const used = new Map(runs.map(({ recipe }) => methodOf(lastStage(recipe).recipe)).map(({ divergence, beta }) => [`${divergence} ${divergence === 'jsd' ? beta : ''}`, { divergence, beta }]));
  const [only] = [...used.values()];
  const { divergence, beta } = used.size === 1 && only!.divergence !== 'cross_entropy' ? only! : { divergence: 'forward_kl' as const, beta: 0.5 };
  return { metric, keep, divergence: divergence as HalvingPlan['divergence'], beta };
}
