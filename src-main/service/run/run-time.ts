import type { LiveRun } from '../../contract/api/feed.ts';
import type { RunEvent } from '../../contract/events.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stagePlaces, stagesOf } from '../../contract/stages.ts';

type Timed = Pick<LiveRun, 'from' | 'aside' | 'evaluations'>;

/** Keeps what a run's time goes into besides steps, so that the time left can be told. @param now  milliseconds since 1970 */
export function followTime(live: Timed, event: RunEvent, recipe: Recipe, now: number): void {
  const { aside, evaluations } = live;
  switch (event.event) {
    case 'started':
      evaluations.left = evaluationsAfter(recipe, event.fromStep, event.steps, event.stageSteps);
      return;
    case 'phase':
      if (event.phase === 'evaluate' || event.phase === 'checkpoint') aside.since ??= now;
      return;
    case 'evaluation':
      if (aside.since !== null) evaluations.ms = now - aside.since;
      evaluations.left = Math.max(0, evaluations.left - 1);
      return end(live, now);
    case 'checkpoint': case 'step':
      return end(live, now);
    case 'stage': case 'forecast': case 'pace': case 'outcome': case 'rollouts': case 'restored': case 'warning': case 'stopped': case 'done': case 'failed':
  }
}

function end({ from, aside }: Timed, now: number): void {
  // What came before the first step counts for nothing: the rate counts from there.
  if (aside.since !== null && from !== null) aside.ms += now - aside.since;
  aside.since = null;
}

/**
 * Evaluations of a run that has made `from` of its steps: where each of its stages begins, every so often, and at its end.
 * @param stageSteps  of every stage
 */
export function evaluationsAfter(recipe: Recipe, from: number, steps: number, stageSteps: readonly number[] = [steps]): number {
  const { validation, validationShare } = recipe.data;
  if (validation === undefined && validationShare === undefined) return 0;
  const stages = stagesOf(recipe);
  let all = 1;
  for (const [at, { first, end }] of stagePlaces(stageSteps).entries()) {
    const { every } = stages[at]!.recipe.evaluate;
    if (first >= from) all += 1;
    if (every !== undefined && end > from) all += Math.max(0, Math.floor((end - 1) / every) - Math.floor(Math.max(first, from) / every));
  }
  return all;
}
