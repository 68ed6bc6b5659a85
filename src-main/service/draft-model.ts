import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { stagesFineTunedFirst } from '../contract/fine-tune-first.ts';
import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { everyKth } from '../contract/layers.ts';
import { openModel } from '../model/folder.ts';
import { makeStudent } from '../model/make-student.ts';
import { narrowStudent } from '../model/narrow-student.ts';
import type { Home } from './home.ts';
import { startRun, type RunOptions } from './runs.ts';

/** How small a draft is: every so many-th layer of the model that it drafts for, and how wide; null for as wide as that. */
export interface DraftSize { layers: readonly number[] | null; width: number | null }

/** What is left where nobody says: a draft is to cost little beside the model itself. */
const EVERY = 4;

/** Writes the small model of a target's vocabulary that will draft for it. @returns its folder, below the home */
export async function makeDraft(home: Home, target: string, { layers, width }: DraftSize): Promise<string> {
  const model = await openModel(target);
  const kept = layers ?? everyKth(model.config.layers, Math.min(EVERY, model.config.layers));
  const to = join(await mkdtemp(join(home.path, 'draft-')), 'model');
  if (width === null) await makeStudent(model, kept, to);
  else await narrowStudent(model, kept, width, to);
  return to;
}

/**
 * Trains a draft in two stages: what the target writes to the prompts is learned first, and then from the draft's own text,
 * so that the target accepts more of it. @returns the id of the run. @throws Problem where it was stopped
 */
export async function trainDraft(home: Home, host: WorkerHost<Commands>, recipe: Recipe, options: Pick<RunOptions, 'consent' | 'stopping' | 'onEvent'>): Promise<string> {
  let runId = '';
  const { status, step } = await startRun(home, host, { ...recipe, stages: stagesFineTunedFirst(recipe) }, null, {
    ...options, tags: ['draft'], onId: (id) => { runId = id; },
  });
  if (status === 'done') return runId;
  throw new Problem(`The draft's training was stopped at step ${step}.`, { kind: 'failure', hint: `Go on with: retort resume ${runId}. Then: retort export --run ${runId} --format gguf.` });
}
