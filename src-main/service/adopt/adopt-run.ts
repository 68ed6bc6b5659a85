import { readFile } from 'node:fs/promises';
import type { StageBegun } from '../../contract/events.ts';
import type { RunRecord, LogLevel } from '../../contract/history.ts';
import { Problem } from '../../contract/problem.ts';
import { stagesBegun, stageSentence } from '../../contract/stages.ts';
import { HistoryRecorder } from '../../store/history-recorder.ts';
import { insertLog } from '../../store/log.ts';
import { createRun, findRun, setStatus } from '../../store/runs.ts';
import { listCheckpoints } from '../../run-folder/checkpoint-folder.ts';
import type { Home } from '../home.ts';
import { readBegunRecipe } from '../recipe/recipe-file.ts';
import { isRunFolder, runPaths } from '../../run-folder/run-folder.ts';
import { readCheckpointState } from '../../run-folder/checkpoint-state.ts';
import { keptRollouts } from '../../run-folder/rollout-files.ts';
import { readTold } from '../run/record/told.ts';
import { knownRun } from './known-run.ts';

/**
 * Takes a run folder into the history: one that was moved is known again by its id, another one enters with what its folder
 * holds of measurements, evaluations, texts and log.
 * @param runDir  absolute
 * @throws Problem where it is no run folder.
 */
export async function adoptRun(home: Home, runDir: string): Promise<RunRecord> {
  if (!isRunFolder(runDir)) throw new Problem(`${runDir} is not a run folder: it has no recipe.json and no checkpoints.`, { hint: '`retort runs` lists the runs and their folders.' });
  const { database } = home;
  const { known, id } = await knownRun(database, runDir);
  if (known) return known;
  const paths = runPaths(runDir);
  const recipe = await readBegunRecipe(paths.recipe);
  await createRun(database, { id, name: recipe.name, recipe, runDir });
  await setStatus(database, id, 'interrupted');
  const last = (await listCheckpoints(paths.checkpoints)).at(-1);
  const stages = last ? await restore(home, id, last, paths.rollouts) : [];
  const isDone = await readLogFile(home, id, paths.log, stages);
  await setStatus(database, id, isDone ? 'done' : 'interrupted');
  return findRun(database, id);
}

/** @returns the stages that had begun, which the log need not tell again */
async function restore(home: Home, id: string, checkpoint: { step: number; path: string }, rollouts: string): Promise<StageBegun[]> {
  // A damaged checkpoint says nothing of the best; going on from it finds out.
  const state = await readCheckpointState(checkpoint.path).catch(() => null);
  const told = await readTold(checkpoint.path);
  const { recipe } = await findRun(home.database, id);
  const metric = recipe.evaluate.best;
  const stages = stagesBegun(recipe, state?.stageSteps ?? null, checkpoint.step);
  const recorder = new HistoryRecorder(home.database, id, { keptRollouts: (after, upTo) => keptRollouts(rollouts, after, upTo) });
  recorder.record({ event: 'restored', checkpoint, ...told, ...(state?.best && metric !== undefined && { best: { name: metric, ...state.best } }), stages });
  await recorder.flush();
  return stages;
}

/** Reads the lines of a run's own log. @returns whether the last of them says that it is done */
async function readLogFile(home: Home, id: string, path: string, stages: readonly StageBegun[]): Promise<boolean> {
  const told = new Set(stages.map((stage) => `step ${stage.first}: ${stageSentence(stage)}`));
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  let last = '';
  await home.database.transaction(async (queries) => {
    for (const line of lines) {
      const [, time, level, message] = /^(\S+Z) {2}(info|warning|error) +(.+)$/.exec(line) ?? [];
      const at = Date.parse(time ?? '');
      if (Number.isNaN(at) || !message) continue;
      last = message;
      if (told.has(message)) continue;
      const step = Number(/^step (\d{1,12}): /.exec(message)?.[1] ?? 0);
      await insertLog(queries, id, { at, step, level: level as LogLevel, code: 'adopted', message });
    }
  });
  return last.startsWith('done after ');
}
