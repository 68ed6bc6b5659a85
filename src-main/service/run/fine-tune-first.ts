import { join } from 'node:path';
import { resolveMethod } from '../../contract/presets.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { modelOf } from '../../run-folder/checkpoint-folder.ts';
import { runPaths } from '../../run-folder/run-folder.ts';

/** Steps of the fine-tuning, at least and at most: enough to write, and no more time than the run itself takes by far. */
const [FEWEST, MOST] = [200, 1000];
/** A rate at which a student that has been cut from a larger one, or has never learned, comes to write. */
const RATE = 3e-4;

/**
 * The run that a student which cannot write needs before the one of `recipe`: the same data, learned as they stand, or
 * as the teacher writes them where they have no answers.
 */
export function fineTuneOf(recipe: Recipe): Recipe {
  const { data, train, checkpoint, evaluate } = recipe;
  const hasAnswers = data.messages !== undefined || data.completion !== undefined;
  const { patience: _, best, ...measured } = evaluate;
  const steps = Math.min(MOST, Math.max(FEWEST, train.steps ?? FEWEST));
  return {
    ...recipe, name: `${recipe.name}, fine-tuned first`.slice(0, 200),
    method: { preset: hasAnswers ? 'sft' : 'seqkd', reduction: resolveMethod(recipe.method).method.reduction },
    train: { ...train, epochs: undefined, steps, learningRate: Math.max(train.learningRate, RATE), warmupSteps: Math.ceil(steps / 20), schedule: 'linear' },
    evaluate: { ...measured, every: Math.ceil(steps / 4), ...(best !== undefined && best !== 'divergence' && { best }) },
    checkpoint: { ...checkpoint, every: Math.min(checkpoint.every, Math.ceil(steps / 4)) },
  };
}

/** The run of `recipe` again, from the student that the run of `first` in `runDir` ends with. */
export function goingOnFrom(recipe: Recipe, first: Recipe, runDir: string): Recipe {
  const model = modelOf(join(runPaths(runDir).checkpoints, `step-${first.train.steps!}`));
  return { ...recipe, name: `${recipe.name}, then distilled`.slice(0, 200), student: { ...recipe.student, model } };
}
