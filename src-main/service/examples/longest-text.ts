import { Problem } from '../../contract/problem.ts';
import { rowName } from '../../data/read.ts';
import type { GivenText } from '../../text/encoded-example.ts';
import type { Model } from '../../model/load-model.ts';

/** Length of the longest prompt with its answer. @throws Problem where that is more than the model's context. */
export function longestText(examples: readonly Pick<GivenText, 'index' | 'prompt'>[], maxNewTokens: number, { decoder, folder }: Model, file?: string): number {
  let longest = 0;
  for (const { prompt, index } of examples) {
    const length = prompt.length + maxNewTokens;
    if (decoder.contextLength !== null && length > decoder.contextLength) {
      const where = file === undefined ? 'The prompt' : `${rowName(file, index)}: the prompt`;
      throw new Problem(
        `${where} has ${prompt.length} tokens; with ${maxNewTokens} new ones that is more than the context of ${decoder.contextLength} of ${folder.path}.`,
        { hint: 'Shorten the prompt or lower --max-new-tokens.' });
    }
    longest = Math.max(longest, length);
  }
  return longest;
}
