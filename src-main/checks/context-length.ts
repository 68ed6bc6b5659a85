import { longestTexts } from '../contract/longest-texts.ts';
import { Problem } from '../contract/problem.ts';
import type { DataSettings, Recipe } from '../contract/recipe.ts';
import type { Model } from '../model/load-model.ts';
import { check } from './check.ts';

/** The longest text of training or evaluation is no longer than what a model can read. */
export const studentContext = check('context-length', ['recipe', 'heldOut', 'student'], ({ recipe, heldOut, student }) => refuseLonger(recipe, heldOut, student));
export const teacherContext = check('context-length', ['recipe', 'heldOut', 'teacher'], ({ recipe, heldOut, teacher }) => { if (teacher) refuseLonger(recipe, heldOut, teacher); });

function refuseLonger(recipe: Recipe, heldOut: DataSettings, { folder, decoder: { contextLength } }: Model): void {
  const long = contextLength === null ? undefined : longestTexts(recipe, heldOut).find(({ tokens }) => tokens > contextLength);
  if (long) throw new Problem(`${long.fields} together are ${long.tokens} tokens, more than the context of ${contextLength} of ${folder.path}.`, { hint: 'Lower one of them.' });
}
