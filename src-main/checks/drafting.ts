import { Problem } from '../contract/problem.ts';
import type { DecodeSettings } from '../contract/recipe.ts';

/** @throws Problem where drafts cannot be made under these settings. */
export function refuseDraftsOf({ decode, maxNewTokens }: { decode: DecodeSettings; maxNewTokens: number }): void {
  if (decode.strategy === 'beam') {
    throw new Problem('The metric "acceptance" is asked for, and text is written by beam search: a draft is judged token by token.', {
      hint: 'Choose the strategy greedy or sample, or leave the metric out.',
    });
  }
  if (maxNewTokens < 2) throw new Problem('The metric "acceptance" is asked for, and only one token is written: there is nothing to draft.', { hint: 'Allow at least two new tokens.' });
}
