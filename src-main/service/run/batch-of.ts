import type { Recipe } from '../../contract/recipe.ts';
import { batchIndices } from '../../data/order.ts';

/** The batch of a step, from 1: every prompt as often as the method has texts for it, `sample` counting them. */
export function batchOf<Example extends object>(
  step: number, examples: readonly Example[], { train, data, seed }: Pick<Recipe, 'train' | 'data' | 'seed'>, samplesPerPrompt: number,
): (Example & { sample: number })[] {
  return batchIndices(step, train.batchSize / samplesPerPrompt, examples.length, seed, data.shuffle)
    .flatMap((at) => Array.from({ length: samplesPerPrompt }, (_, sample) => ({ ...examples[at]!, sample })));
}
