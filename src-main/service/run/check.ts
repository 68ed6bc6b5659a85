import type { Recipe } from '../../contract/recipe.ts';
import { prepareRun } from './prepare.ts';
import { checkResources } from './resource-check.ts';

/** Looks at everything a run would look at before it begins. @throws Problem with the first thing that is wrong. */
export async function checkRun(recipe: Recipe, runDir: string): Promise<void> {
  await checkResources(await prepareRun(recipe), runDir);
}
