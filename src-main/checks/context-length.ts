import { Problem } from '../contract/problem.ts';
import type { DataSettings, Recipe } from '../contract/recipe.ts';
import type { Model } from '../model/load-model.ts';
import { check } from './check.ts';

/** The longest text of training or evaluation is no longer than what a model can read. */
export const studentContext = check('context-length', ['recipe', 'heldOut', 'student'], ({ recipe, heldOut, student }) => refuseLonger(recipe, heldOut, student));
export const teacherContext = check('context-length', ['recipe', 'heldOut', 'teacher'], ({ recipe, heldOut, teacher }) => { if (teacher) refuseLonger(recipe, heldOut, teacher); });

function refuseLonger({ data, evaluate }: Recipe, heldOut: DataSettings, { folder, decoder }: Model): void {
  const answer = { field: 'data.maxCompletionTokens', prompt: data.maxPromptTokens, tokens: data.maxCompletionTokens };
  const written = { field: 'evaluate.maxNewTokens', prompt: heldOut.maxPromptTokens, tokens: evaluate.maxNewTokens ?? 0 };
  for (const { field, prompt, tokens } of [answer, written]) {
    const length = prompt + tokens;
    if (decoder.contextLength === null || length <= decoder.contextLength) continue;
    throw new Problem(
      `data.maxPromptTokens and ${field} together are ${length} tokens, more than the context of ${decoder.contextLength} of ${folder.path}.`,
      { hint: 'Lower one of them.' });
  }
}
