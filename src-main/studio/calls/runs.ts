import { resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { readEvaluations, readSamples } from '../../store/evaluations.ts';
import { readLog } from '../../store/log.ts';
import { readRollouts } from '../../store/rollouts.ts';
import { findRun, listRuns, renameRun, setTags } from '../../store/runs.ts';
import { readSeries } from '../../store/series.ts';
import { readSteps } from '../../store/steps.ts';
import { removeDraft } from '../../store/drafts.ts';
import { adoptRun } from '../../service/adopt/adopt-run.ts';
import { trainingFolder } from '../../service/adopt/training-folder.ts';
import type { Home } from '../../service/home.ts';
import { moveToTrash } from '../../service/keeping/trash.ts';
import { refuseGoing, useOf } from '../../service/keeping/use.ts';
import { fineTunedFirst } from '../../contract/fine-tune-first.ts';
import { writeReport } from '../../report/write-report.ts';
import { isRunFolder } from '../../run-folder/run-folder.ts';
import { lockHolder } from '../../run-folder/run-lock.ts';
import type { Feed } from '../feed.ts';
import type { FollowedTrainings } from '../followed-trainings.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import type { RunQueue } from '../run-queue.ts';

export function runCalls({ home, queue, trainings, jobs, feed }: { home: Home; queue: RunQueue; trainings: FollowedTrainings; jobs: Jobs; feed: Feed }): Handlers<CallsOf<'runs'>> {
  const { database } = home;
  const changed = async (change: Promise<void>): Promise<null> => {
    await change;
    feed.publish({ topic: 'runs' });
    return null;
  };
  return {
    'runs.list': () => listRuns(database),
    'runs.get': ({ runId }) => findRun(database, runId),
    'runs.live': async () => ({ live: queue.live(), jobs: jobs.list() }),
    'runs.series': ({ runId, ...request }) => readSeries(database, runId, request),
    'runs.steps': ({ runId, ...range }) => readSteps(database, runId, range),
    'runs.evaluations': ({ runId }) => readEvaluations(database, runId),
    'runs.samples': ({ runId, step }) => readSamples(database, runId, step),
    'runs.rollouts': ({ runId, ...query }) => readRollouts(database, runId, query),
    'runs.log': ({ runId, ...range }) => readLog(database, runId, range),
    'runs.start': async ({ recipe, draftId }) => {
      const runId = await queue.start(recipe);
      if (draftId !== undefined) {
        await removeDraft(database, draftId);
        feed.publish({ topic: 'drafts' });
      }
      return { runId };
    },
    'runs.fineTuneFirst': async ({ runId }) => ({ runId: await queue.start(fineTunedFirst((await findRun(database, runId)).recipe)) }),
    'runs.resume': async ({ runId, ...options }) => {
      await queue.resume(runId, options);
      return null;
    },
    'runs.adopt': async ({ folder }) => {
      const place = trainingFolder(folder);
      if (place !== null) return { runId: await trainings.follow(place) };
      const { id } = await adoptRun(home, resolve(folder));
      feed.publish({ topic: 'runs' });
      return { runId: id };
    },
    'runs.stop': async ({ runId, how }) => {
      await queue.stop(runId, how);
      return null;
    },
    'runs.report': async ({ runId, to, replace }) => {
      const path = resolve(to);
      return { path, taken: await writeReport(database, await findRun(database, runId), path, { replace }) === null };
    },
    'runs.rename': ({ runId, name }) => changed(renameRun(database, runId, name)),
    'runs.setTags': ({ runId, tags }) => changed(setTags(database, runId, tags)),
    'runs.delete': ({ runIds, withFiles }) => changed(deleteRuns(home, queue, trainings, runIds, withFiles)),
  };
}

async function deleteRuns(home: Home, queue: RunQueue, trainings: FollowedTrainings, runIds: readonly string[], withFiles: boolean): Promise<void> {
  await queue.atRest();
  const runs = await Promise.all(runIds.map((id) => findRun(home.database, id)));
  const elsewhere = withFiles && runs.find(({ engine, status }) => engine !== null && status === 'running');
  if (elsewhere) throw new Problem(`The training of run "${elsewhere.name}" goes on in ${elsewhere.runDir}.`, { hint: 'Stop it where it was started, or delete the run without its files.' });
  for (const { id } of runs) await trainings.leave(id);
  const live = new Set(queue.live().map(({ runId }) => runId));
  for (const { id, name, runDir } of runs) {
    if (live.has(id) || await lockHolder(runDir)) throw new Problem(`Run "${name}" is going.`, { hint: 'Stop it first.' });
  }
  if (withFiles) for (const { runDir } of runs) refuseGoing(await useOf(home, runDir, live));
  for (const { id, name, runDir } of runs) {
    // Only what is certainly a run's own folder: a person may have named any place for it.
    await moveToTrash(home, { id, kind: 'run', title: name, path: runDir, withFiles: withFiles && isRunFolder(runDir) });
  }
}
