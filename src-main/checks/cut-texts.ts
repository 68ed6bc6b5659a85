import type { DataSettings } from '../contract/recipe.ts';
import type { Finding } from '../contract/finding.ts';
import type { Model } from '../model/load-model.ts';
import { cutTexts } from '../text/cut-texts.ts';
import { allLengths, type ExampleSet } from '../text/example-set.ts';
import { summarizeLengths } from '../text/length-summary.ts';
import { check } from './check.ts';

/** How many texts lose a part to the limits of the recipe. */
export const cutTraining = check('cut-texts', ['recipe', 'models', 'train'], ({ recipe: { data }, models, train }) => cutOf(data, models, train, 'training'));
export const cutHeldOut = check('cut-texts', ['heldOut', 'models', 'validation'], ({ heldOut, models, validation }) => cutOf(heldOut, models, validation, 'held-out'));

function cutOf(data: DataSettings, models: readonly Model[], examples: ExampleSet, what: string): Finding[] {
  const contexts = models.flatMap(({ decoder: { contextLength } }) => contextLength ?? []);
  return cutTexts(summarizeLengths(allLengths(examples)), data, what, contexts.length > 0 ? Math.min(...contexts) : null);
}
