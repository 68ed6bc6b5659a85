import type { RunRecord } from '../contract/history.ts';
import { Problem } from '../contract/problem.ts';
import { isModel } from '../model/is-model.ts';
import { listCheckpoints, modelOf } from './checkpoint-folder.ts';
import { readCheckpointState } from './checkpoint-state.ts';
import { runPaths } from './run-folder.ts';

/** A student of a run at one time of its training. */
export interface Moment { step: number; path: string }

/** The students of a run that are there: where it began, and its checkpoints, oldest first. */
export async function momentsOf({ recipe, runDir }: Pick<RunRecord, 'recipe' | 'runDir'>): Promise<Moment[]> {
  const checkpoints = await listCheckpoints(runPaths(runDir).checkpoints);
  return [{ step: 0, path: recipe.student.model }, ...checkpoints.map(({ step, path }) => ({ step, path: modelOf(path) }))];
}

/** A run's student at a step, its best by `evaluate.best`, or the last one. @throws Problem where there is no such checkpoint. */
export async function momentOf(run: RunRecord, wanted: number | 'best' | null): Promise<Moment> {
  const moments = await momentsOf(run);
  if (wanted !== 0 && moments.length === 1) throw noCheckpoint(run);
  const step = wanted === 'best' ? await bestStepOf(run) : wanted;
  const found = step === null ? moments.at(-1) : moments.find((moment) => moment.step === step);
  if (!found) {
    throw new Problem(`Run "${run.name}" has no checkpoint of step ${step}.`, { hint: `There are those of ${moments.map((moment) => moment.step).join(', ')}; 0 is the start.` });
  }
  return found;
}

/** Whether a run has learned something that can be opened. @throws Problem where its checkpoints have gone: its start is not its result. */
export async function hasLearned(run: RunRecord): Promise<boolean> {
  if (await hasLostCheckpoints(run)) throw noCheckpoint(run);
  return (await momentsOf(run)).length > 1;
}

/** Whether the history knows of checkpoints where the run's folder, moved or emptied, holds none. */
export async function hasLostCheckpoints(run: RunRecord): Promise<boolean> {
  return run.checkpoint !== null && (await momentsOf(run)).length === 1;
}

function noCheckpoint({ name, runDir, checkpoint }: RunRecord): Problem {
  const { checkpoints } = runPaths(runDir);
  if (checkpoint === null) return new Problem(`Run "${name}" has no checkpoint yet.`, { hint: 'Wait for its first one, or ask for step 0, the student that it began from.' });
  return new Problem(`The checkpoints of run "${name}" are not there: ${checkpoints} holds none, and its last was that of step ${checkpoint.step}.`, {
    hint: 'Bring the folder back to its place, or name the place where it is now: retort resume FOLDER. Step 0 is the student that the run began from.',
  });
}

/** The step of a run's best evaluation, as its last checkpoint knows it: a history may be behind. @throws Problem where it knows none. */
async function bestStepOf({ name, runDir, recipe, engine }: RunRecord): Promise<number> {
  const last = (await listCheckpoints(runPaths(runDir).checkpoints)).at(-1);
  const best = last && engine === null && (await readCheckpointState(last.path)).best;
  if (best) return best.step;
  throw new Problem(`Run "${name}" has no best checkpoint${recipe.evaluate.best === undefined ? ': its recipe does not give evaluate.best' : ' yet'}.`, {
    hint: 'Name a step, or leave --step out for the last checkpoint.',
  });
}

/** A model folder, or that of a checkpoint, which holds one. */
export const modelIn = (path: string): string =>
  (isModel(modelOf(path)) && !isModel(path) ? modelOf(path) : path);
