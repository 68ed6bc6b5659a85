import { availableParallelism } from 'node:os';
import type { Recipe } from '../../../contract/recipe.ts';
import { fittingExamples } from '../../../distill/activations.ts';
import { paddedTokens, type Text } from '../../../distill/batch.ts';
import type { ExampleSet } from '../../../text/example-set.ts';
import type { Model } from '../../../model/load-model.ts';
import { threads } from '../../../runtime/threads.ts';
import { batchOf } from '../batch-of.ts';

/** Batches looked at to see how much of them would be padding. */
const LOOKED_AT = 32;

/**
 * Tokens that each thread could compute in the time that one more micro-batch costs: every operation is called once more
 * and its gradients are added to those before. A round number between what models of 0.1M and 6M parameters measure.
 */
const COST_OF_ONE = 64;

/** Fewest examples of a micro-batch that is chosen for its padding. */
const FEWEST = 4;

/**
 * How many examples are computed at once where a recipe leaves it open: what fits into memory, and of that what computes
 * least padding. Sizes divide the batch evenly, since a remainder would cost a program of its own.
 *
 * @param examples  the training data; a completion yet to be written counts as long as it may be
 */
export async function chooseMicroBatchSize(recipe: Recipe, student: Model, examples: ExampleSet, samplesPerPrompt: number): Promise<number> {
  const { train, data, student: { device } } = recipe;
  const even = (size: number): number => Math.ceil(train.batchSize / Math.ceil(train.batchSize / Math.min(size, train.batchSize)));
  const largest = even(train.microBatchSize ?? fittingExamples(recipe, student));
  // A GPU fills up only with large products.
  if (train.microBatchSize !== undefined || device !== 'cpu') return largest;
  const unwritten = new Int32Array(data.maxCompletionTokens);
  const prompts = train.batchSize / samplesPerPrompt;
  const batches = await Promise.all(Array.from({ length: Math.min(LOOKED_AT, Math.ceil(examples.count / prompts)) }, async (_, at) =>
    (await batchOf(at + 1, examples, recipe, samplesPerPrompt)).map(({ prompt, context, completion }): Text =>
      (completion.length > 0 ? { prompt: context, completion } : { prompt, completion: unwritten }))));
  const oneMore = COST_OF_ONE * (threads() || availableParallelism());
  const cost = (size: number): number =>
    batches.reduce((sum, batch) => sum + paddedTokens(batch, size, student.decoder.encoder) + Math.ceil(batch.length / size) * oneMore, 0);
  const sizes = [largest];
  for (let size = even(largest / 2); size >= FEWEST; size = even(size / 2)) sizes.push(size);
  const costs = sizes.map(cost);
  return sizes[costs.indexOf(Math.min(...costs))]!;
}
