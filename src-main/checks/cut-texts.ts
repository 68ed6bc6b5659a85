import type { Recipe } from '../contract/recipe.ts';
import type { Finding } from '../contract/finding.ts';
import type { Model } from '../model/load-model.ts';
import { cutTexts } from '../text/cut-texts.ts';
import { allLengths, type ExampleSet } from '../text/example-set.ts';
import { summarizeLengths } from '../text/length-summary.ts';
import { check } from './check.ts';

/** How many texts lose a part to the limits of the recipe. */
export const cutTraining = check('cut-texts', ['recipe', 'models', 'train'], ({ recipe, models, train }) => cutOf(recipe, models, train, 'training'));
export const cutHeldOut = check('cut-texts', ['recipe', 'models', 'validation'], ({ recipe, models, validation }) => cutOf(recipe, models, validation, 'held-out'));

function cutOf({ data }: Recipe, models: readonly Model[], examples: ExampleSet, what: string): Finding[] {
  const contexts = models.flatMap(({ decoder: { contextLength } }) => contextLength ?? []);
  return cutTexts(summarizeLengths(allLengths(examples)), data, what, contexts.length > 0 ? Math.min(...contexts) : null);
}
