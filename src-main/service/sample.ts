import { join } from 'node:path';
import type { Evaluation } from '../contract/events.ts';
import type { Recipe } from '../contract/recipe.ts';
import { readRecipe } from './recipe-file.ts';
import { resource } from './resources.ts';
import { CHECKPOINT_MODEL } from './run/checkpoint.ts';

/** The runs of the sample project, in the order in which they are compared. */
export const SAMPLE_METHODS = ['sft', 'supervised-kd', 'gkd'] as const;
export type SampleMethod = (typeof SAMPLE_METHODS)[number];

/** A recipe of the sample project. All start from the same fine-tuned student and make as many steps. */
export async function sampleRecipe(method: SampleMethod, changes: { seed: number; steps?: number | undefined }): Promise<Recipe> {
  const recipe = await readRecipe(resource('sample', 'recipes', `${method}.json`));
  return { ...recipe, seed: changes.seed, train: { ...recipe.train, steps: changes.steps ?? recipe.train.steps } };
}

/** Where a checkpoint keeps its model. */
export const modelOf = (checkpoint: string): string => join(checkpoint, CHECKPOINT_MODEL);

export interface SampleResult { method: SampleMethod; before: Evaluation; after: Evaluation; checkpoint: string }
