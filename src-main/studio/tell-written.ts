import type { Recorded } from '../store/history-recorder.ts';
import type { Feed } from './feed.ts';

const OF_RUNS: ReadonlySet<Recorded['event']> = new Set(['started', 'evaluation', 'checkpoint', 'stopped', 'done', 'failed', 'interrupted']);

/** Tells what of a run can be read anew, now that it is in the history. */
export function tellWritten(feed: Feed, runId: string, events: readonly Recorded[]): void {
  const rollouts = events.findLast((event) => event.event === 'rollouts');
  if (rollouts?.event === 'rollouts') feed.publish({ topic: 'rollouts', runId, step: rollouts.rollouts.at(-1)?.step ?? 0 });
  if (events.some(({ event }) => OF_RUNS.has(event))) feed.publish({ topic: 'runs' });
  if (events.some(({ event }) => event !== 'step' && event !== 'rollouts')) feed.publish({ topic: 'log', runId });
}
