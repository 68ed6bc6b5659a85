import type { Recipe } from '../../src-main/contract/recipe.ts';
import { stagesOf } from '../../src-main/contract/stages.ts';
import { METHOD_NAMES } from './method-names.ts';

/** How a run learns, its stages one after the other. */
export const methodText = (recipe: Recipe): string => stagesOf(recipe).map((stage) => METHOD_NAMES[stage.recipe.method.preset]).join(', then ');

/** The same as codes of recipes. */
export const methodCodes = (recipe: Recipe): string => stagesOf(recipe).map((stage) => stage.recipe.method.preset).join(', then ');
