import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Model } from '../model/load-model.ts';
import { check } from './check.ts';

/** The longest text of training or evaluation is no longer than what a model can read. */
export const studentContext = check('context-length', ['recipe', 'student'], ({ recipe, student }) => refuseLonger(recipe, student));
export const teacherContext = check('context-length', ['recipe', 'teacher'], ({ recipe, teacher }) => { if (teacher) refuseLonger(recipe, teacher); });

function refuseLonger({ data, evaluate }: Recipe, { folder, decoder }: Model): void {
  const answer = { field: 'data.maxCompletionTokens', tokens: data.maxCompletionTokens };
  const written = { field: 'evaluate.maxNewTokens', tokens: evaluate.maxNewTokens ?? 0 };
  for (const { field, tokens } of [answer, written]) {
    const length = data.maxPromptTokens + tokens;
    if (decoder.contextLength === null || length <= decoder.contextLength) continue;
    throw new Problem(
      `data.maxPromptTokens and ${field} together are ${length} tokens, more than the context of ${decoder.contextLength} of ${folder.path}.`,
      { hint: 'Lower one of them.' });
  }
}
