import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Evaluation } from '../contract/events.ts';
import type { Recipe } from '../contract/recipe.ts';
import { version } from '../../package.json' with { type: 'json' };
import { readRecipe } from './recipe/recipe-file.ts';
import { resource } from './resources.ts';

/** The runs of the sample project, in the order in which they are compared. */
export const SAMPLE_METHODS = ['sft', 'supervised-kd', 'gkd'] as const;
export type SampleMethod = (typeof SAMPLE_METHODS)[number];

/**
 * The sample project in a data folder, copied there the first time: its runs must go on after a restart, and the
 * program may lie elsewhere by then, as an AppImage does at every start.
 */
export async function keptSample(home: string): Promise<string> {
  const to = join(home, 'sample', version);
  if (existsSync(to)) return to;
  const copy = `${to}.${process.pid}`;
  await mkdir(dirname(to), { recursive: true });
  await rm(copy, { recursive: true, force: true });
  await cp(resource('sample'), copy, { recursive: true });
  await rename(copy, to);
  return to;
}

/** A recipe of the sample project in `folder`. All start from the same fine-tuned student and make as many steps. */
export async function sampleRecipe(
  method: SampleMethod, changes: { seed: number; steps?: number | undefined }, folder = resource('sample'),
): Promise<Recipe> {
  const recipe = await readRecipe(join(folder, 'recipes', `${method}.json`));
  return { ...recipe, seed: changes.seed, train: { ...recipe.train, steps: changes.steps ?? recipe.train.steps } };
}

export interface SampleResult { method: SampleMethod; before: Evaluation; after: Evaluation; checkpoint: string }
