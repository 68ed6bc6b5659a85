import type { LiveRun } from '../../contract/api/feed.ts';
import type { RunEvent } from '../../contract/events.ts';
import type { Recipe } from '../../contract/recipe.ts';

type Timed = Pick<LiveRun, 'from' | 'aside' | 'evaluations'>;

/** Keeps what a run's time goes into besides steps, so that the time left can be told. @param now  milliseconds since 1970 */
export function followTime(live: Timed, event: RunEvent, recipe: Recipe, now: number): void {
  const { aside, evaluations } = live;
  switch (event.event) {
    case 'started':
      evaluations.left = evaluationsAfter(recipe, event.fromStep, event.steps);
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

/** Evaluations of a run that has made `from` of its steps: at its start, every so often, and at its end. */
export function evaluationsAfter({ data, evaluate: { every }, stages = [] }: Recipe, from: number, steps: number): number {
  if (data.validation === undefined && data.validationShare === undefined) return 0;
  const between = every === undefined ? 0 : Math.floor((steps - 1) / every) - Math.floor(from / every);
  // Where a resumed run's stages begin is not known here.
  return (from === 0 ? Math.max(1, stages.length) : 0) + Math.max(0, between) + 1;
}
