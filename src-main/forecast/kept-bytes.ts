import type { Method } from '../contract/presets.ts';
import type { Recipe } from '../contract/recipe.ts';
import { lambdaAt } from '../distill/mixture.ts';
import type { Model } from '../model/load-model.ts';
import type { ExampleSet } from '../text/example-set.ts';

/** What of a run its kept states follow from. */
export interface KeptInputs { recipe: Recipe; method: Method; teacher: Model | null; train: ExampleSet; validation: ExampleSet }

/**
 * Bytes that a teacher's hidden states of a run's fixed texts take on the disk, where it keeps them (`teacher.cache`), if
 * none of them are there yet: those that it may learn from and those of its evaluations.
 */
export function keptBytes({ recipe: { teacher: settings, evaluate, data }, method, teacher, train, validation }: KeptInputs): number {
  if (!teacher || !settings || settings.cache === false || method.divergence === 'cross_entropy') return 0;
  const learned = lambdaAt(method, 1) >= 1 ? 0 : method.source === 'teacher' ? train.count * data.maxCompletionTokens : tokensOf(train, train.count);
  const perToken = teacher.decoder.hiddenSize * (settings.cache === 'fp32' ? 4 : 2);
  return perToken * (learned + tokensOf(validation, evaluate.examples));
}

/** Tokens of the first completions of a set, as far as they are used. */
function tokensOf(set: ExampleSet, most: number): number {
  let sum = 0;
  for (let place = 0; place < Math.min(most, set.count); place++) {
    const { completion, cutOfCompletion } = set.lengthsAt(place);
    sum += completion - cutOfCompletion;
  }
  return sum;
}
