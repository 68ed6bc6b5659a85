import { markInterrupted, runningRuns } from '../store/runs.ts';
import { lockHolder } from '../run-folder/run-lock.ts';
import type { Database } from '../store/sqlite.ts';

const EVERY = 2000;

/**
 * Marks runs that another process computes interrupted once that has died without a word: a worker outlives a killed program
 * by a step, and a killed command line tells nobody. A run is judged so only where a process has been seen in its folder.
 * @param isOwn  whether a run is computed from here, and so ends by what is told of it
 * @param onChange  told where a run was marked
 * @returns ends the watch
 */
export async function watchOthersRuns(database: Database, isOwn: (runId: string) => boolean, onChange: () => void): Promise<() => void> {
  // Opening the history has left those running whose folder a process has.
  const seen = new Set((await runningRuns(database)).map(({ id }) => id));
  async function look(): Promise<void> {
    const gone = new Set<string>();
    for (const { id, runDir } of await runningRuns(database)) {
      if (isOwn(id)) seen.delete(id);
      else if (await lockHolder(runDir) !== null) seen.add(id);
      else if (seen.has(id)) gone.add(runDir);
    }
    if (gone.size > 0 && (await markInterrupted(database, async (runDir) => !gone.has(runDir))).length > 0) onChange();
  }
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => {
    // What cannot be looked at now, such as a history that is busy, is looked at the next time.
    looking ??= look().catch(() => undefined).finally(() => { looking = null; });
  }, EVERY);
  timer.unref();
  return () => clearInterval(timer);
}
