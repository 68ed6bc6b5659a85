import type { RunEvent } from '../../contract/events.ts';
import { toReport } from '../../contract/problem.ts';
import { releaseThreads } from '../../runtime/threads.ts';
import { beginRun, goOnWithRun } from './begin.ts';
import type { RunJob } from './job.ts';
import { RolloutFiles } from '../../run-folder/rollout-files.ts';
import { RunLog } from './record/run-log.ts';
import { Run, type RunOutcome } from './run.ts';

/**
 * A run from its recipe to its last checkpoint. Everything is checked before the run folder is made; a resumed run
 * goes on exactly where its checkpoint stood.
 */
export async function runJob(job: RunJob): Promise<RunOutcome> {
  const begun = job.isResumed ? await goOnWithRun(job) : await beginRun(job);
  const { folder, start } = begun;
  try {
    const log = new RunLog(folder.log, job.recipe);
    const files = await RolloutFiles.open(folder.rollouts, start?.state.step ?? 0);
    const emit = (event: RunEvent): void => {
      log.tell(event);
      if (event.event === 'rollouts') files.add(event.rollouts);
      job.emit(event);
    };
    try {
      return await new Run({ ...job, emit }, begun, files).go(start?.path ?? null, start?.state ?? null);
    } catch (error) {
      log.tell({ event: 'failed', error: toReport(error) });
      throw error;
    } finally {
      await Promise.all([log.close(), files.sync()]);
    }
  } finally {
    releaseThreads();
    await folder.close();
  }
}
