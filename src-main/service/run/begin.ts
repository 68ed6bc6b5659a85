import { COMPUTES_ON, type Compute } from '../../contract/compute.ts';
import type { Device } from '../../contract/divergence.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stagesOf } from '../../contract/stages.ts';
import { isModel } from '../../model/is-model.ts';
import { modelOf } from '../../run-folder/checkpoint-folder.ts';
import { createRunFolder, openRunFolder, type RunFolder } from '../../run-folder/run-folder.ts';
import { takeThreads } from '../../runtime/threads.ts';
import { dayFrom, thisDay } from '../examples/this-day.ts';
import { TEXT_VERSION, textChange } from '../../text/text-version.ts';
import { changesOf, lookAtInputs, readInputs, writeInputs } from './record/inputs.ts';
import { noteFirstDay, readFirstDay } from './record/first-day.ts';
import type { CheckpointState } from '../../run-folder/checkpoint-state.ts';
import { noteRunId } from './record/known-as.ts';
import type { RunJob } from './job.ts';
import { prepareStages, type PreparedStages } from './stages/prepare-stages.ts';
import { findStartingPoint, type StartingPoint } from './record/starting-point.ts';

interface Warning { code: string; message: string }

/** A run that may compute: everything has been looked at, and its folder is locked. */
export interface Begun {
  folder: RunFolder;
  prepared: PreparedStages;
  /** Null where it begins at step 0. */
  start: StartingPoint | null;
  threads: number;
  /** What is said of going on. */
  warnings: Warning[];
}

type Job = Pick<RunJob, 'recipe' | 'runDir' | 'runId' | 'day' | 'fromStep' | 'allowChanged' | 'device' | 'allowed' | 'serverKey'>;

/** Makes a new run's folder once all that it reads has been looked at, and notes what that was. */
export async function beginRun({ recipe, runDir, runId, day, allowed = [], serverKey }: Job): Promise<Begun> {
  const { used } = takeThreads(null);
  const today = dayFrom(day ?? '') ?? thisDay();
  const prepared = await prepareStages(recipe, runDir, { allowed, today, serverKey });
  const inputs = await lookAtInputs(recipe);
  const folder = await createRunFolder(runDir, recipe);
  try {
    await writeInputs(runDir, inputs);
    await noteFirstDay(runDir, today);
    await noteRunId(runDir, runId);
    return { folder, prepared, start: null, threads: used, warnings: [] };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/**
 * Takes up a run where it stands.
 * @throws Problem where no whole checkpoint is left, or where what it reads is not what it began with.
 */
export async function goOnWithRun(job: Job): Promise<Begun> {
  const folder = await openRunFolder(job.runDir);
  try {
    const start = await findStartingPoint(folder.checkpoints, job.fromStep ?? null);
    const warnings: Warning[] = (start?.passed ?? []).map((message) => ({
      code: 'damaged', message: `${message} The run goes on from that of step ${start!.state.step}; the damaged one is in checkpoints/put-aside.`,
    }));
    if (start === null && job.fromStep !== 0) {
      warnings.push({ code: 'beginning', message: 'There is no checkpoint in the folder of this run, so it begins again at step 0.' });
    }
    const { used, set } = takeThreads(start?.state.threads ?? null);
    if (used !== set) {
      warnings.push({ code: 'threads', message: `This run began with ${used} threads and goes on with them, so that its numbers stay the same; the setting is ${set}.` });
    }
    const textVersion = start?.state.textVersion ?? 1;
    if (start && textVersion < TEXT_VERSION) warnings.push({ code: 'text', message: textChange(textVersion) });
    const there = withStudent(job.recipe, start, warnings);
    await compareInputs(job, start, warnings, there !== job.recipe);
    const recipe = goesOnAt(there, start?.state ?? null, job.device, warnings);
    const prepared = await prepareStages(recipe, job.runDir, { allowed: job.allowed ?? [], serverKey: job.serverKey, today: await readFirstDay(job.runDir) ?? await noteFirstDay(job.runDir, thisDay()) });
    await noteRunId(job.runDir, job.runId);
    return { folder, prepared, start, threads: used, warnings };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** The student's folder may have gone: a checkpoint holds its config and tokenizer as well. */
function withStudent(recipe: Recipe, start: StartingPoint | null, warnings: Warning[]): Recipe {
  const { model } = recipe.student;
  if (start === null || isModel(model)) return recipe;
  warnings.push({ code: 'student', message: `The student's folder ${model} is not there; the run goes on with the model of its checkpoint.` });
  return { ...recipe, student: { ...recipe.student, model: modelOf(start.path) } };
}

/** A run goes on where it was, unless it is told another place. */
function goesOnAt(recipe: Recipe, state: CheckpointState | null, wanted: Device | undefined, warnings: Warning[]): Recipe {
  const was = state?.device;
  const device = wanted ?? was ?? recipe.student.device;
  if (was !== undefined && was !== device) {
    warnings.push({ code: 'device', message: `This run goes on on the device "${device}" and was on "${was}": from here on its numbers differ by rounding from those that it would have had there.` });
  } else if (state && was === undefined && device !== 'cpu') {
    warnings.push({ code: 'device', message: `This run was begun by a version that kept its weights on the host, and goes on with them on the device "${device}": from here on its numbers differ by rounding.` });
  }
  if (device === recipe.student.device && wanted === undefined) return recipe;
  const { teacher, train, stages } = recipe;
  const isKnown = (compute: Compute): boolean => COMPUTES_ON[device].includes(compute);
  const unknown = new Set(stagesOf(recipe).map((stage) => stage.recipe.train.compute).filter((compute) => !isKnown(compute)));
  for (const compute of unknown) warnings.push({ code: 'device', message: `The device "${device}" does not multiply in ${compute}, so the run goes on in fp32.` });
  return {
    ...recipe, student: { ...recipe.student, device }, ...(teacher && !teacher.server && { teacher: { ...teacher, device } }),
    train: { ...train, compute: isKnown(train.compute) ? train.compute : 'fp32' },
    ...(stages && { stages: stages.map((stage) => (stage.train?.compute === undefined || isKnown(stage.train.compute) ? stage : { ...stage, train: { ...stage.train, compute: 'fp32' as const } })) }),
  };
}

async function compareInputs({ recipe, runDir, allowChanged }: Job, start: StartingPoint | null, warnings: Warning[], isStudentGone: boolean): Promise<void> {
  const noted = await readInputs(runDir);
  const now = await lookAtInputs(recipe, { withoutStudent: isStudentGone });
  if (start === null) return writeInputs(runDir, now);
  if (noted === null) {
    warnings.push({ code: 'inputs', message: 'This run was started by a version that did not note what its files held, so whether they have changed since is not known. It is noted now.' });
    return writeInputs(runDir, now);
  }
  const before = isStudentGone ? noted.filter(({ field }) => field !== 'student.model') : noted;
  const changes = changesOf(before, now);
  if (changes.length === 0) return;
  const told = `What this run reads has changed since it began: ${changes.join('; ')}.`;
  if (!allowChanged) {
    throw new Problem(told, { hint: 'Put back what it began with, or go on all the same: retort resume RUN --changed. Its result is then no longer that of its recipe.' });
  }
  warnings.push({ code: 'changed', message: told });
  await writeInputs(runDir, now);
}
