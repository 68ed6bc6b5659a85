import type { Recipe } from '../../../contract/recipe.ts';
import { stagesOf } from '../../../contract/stages.ts';
import { materialOf } from '../look/material.ts';
import { sharedModels } from './prepare-stages.ts';
import { inStage } from './stage-findings.ts';

/** Updates that a run of a recipe makes, all stages together. What says passes over its data is counted there. @throws Problem where that cannot be read */
export async function countSteps(recipe: Recipe, runDir: string, signal: AbortSignal): Promise<number> {
  const open = sharedModels();
  let steps = 0;
  for (const stage of stagesOf(recipe)) {
    const { train } = stage.recipe;
    steps += train.epochs === undefined && train.steps !== undefined ? train.steps
      : await inStage(stage, () => materialOf(stage.recipe, runDir, { signal, open, heldOut: stage.heldOut }).steps());
  }
  return steps;
}
