import type { Recipe } from '../../contract/recipe.ts';
import { batchIndices } from '../../data/order.ts';
import type { EncodedExample } from '../../text/encoded-example.ts';
import type { ExampleSet } from '../../text/example-set.ts';

/** The batch of a step, from 1: every prompt as often as the method has texts for it, `sample` counting them. */
export async function batchOf(
  step: number, examples: ExampleSet, { train, data, seed }: Pick<Recipe, 'train' | 'data' | 'seed'>, samplesPerPrompt: number,
): Promise<(EncodedExample & { sample: number })[]> {
  const prompts = await examples.read(batchIndices(step, train.batchSize / samplesPerPrompt, examples.count, seed, data.shuffle));
  return prompts.flatMap((example) => Array.from({ length: samplesPerPrompt }, (_, sample) => ({ ...example, sample })));
}
