import { Problem } from '../contract/problem.ts';
import type { DecodeSettings } from '../contract/recipe.ts';
import { canAnnotate, type Spelling } from '../decode/calculator/calculator.ts';
import type { Tokenizer } from '../text/tokenizer/tokenizer.ts';
import type { Model } from '../model/load-model.ts';
import { check } from './check.ts';

/** A tokenizer as the calculator uses it. */
export const spellingOf = (tokenizer: Tokenizer): Spelling => ({
  decode: (ids) => tokenizer.decode(ids, { skipSpecial: true }),
  encode: (text) => tokenizer.encode(text, { special: false }),
});

/** A calculator that is asked for has something to do. */
export const calculatorUsed = check('calculator', ['recipe', 'student'], ({ recipe: { evaluate }, student }) => checkCalculator(evaluate, student));

/** @throws Problem where a calculator is wanted and could do nothing. */
export function checkCalculator({ calculator, decode }: { calculator: boolean; decode: DecodeSettings }, { tokenizer, folder }: Pick<Model, 'tokenizer' | 'folder'>): void {
  if (!calculator) return;
  if (decode.strategy === 'beam') {
    throw new Problem('A calculator is asked for, and text is written by beam search, which compares texts by what the model itself makes of them.', {
      hint: 'Choose the strategy greedy or sample, or leave the calculator out.',
    });
  }
  if (!canAnnotate(spellingOf(tokenizer))) {
    throw new Problem(`A calculator is asked for, and the tokenizer of ${folder.path} cannot write an annotation such as <<48/2=24>>.`, {
      hint: 'Leave the calculator out. T5\'s tokenizer, for one, has no "<".',
    });
  }
}
