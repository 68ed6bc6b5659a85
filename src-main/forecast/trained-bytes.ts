import type { TrainSettings } from '../contract/recipe.ts';
import { ruleOf } from '../distill/optimizers/rules.ts';
import { sizeOf } from '../graph/shape.ts';
import type { ParameterSpec } from '../nn/build.ts';

const FLOAT = 4;

/** What is trained takes its weights, its gradients and what the optimizer remembers, all in float32. */
export function trainedBytes(trained: readonly ParameterSpec[], train: TrainSettings): { weights: number; gradients: number; moments: number } {
  const rule = ruleOf(train);
  const bytes = (shapes: readonly (readonly number[])[]): number => FLOAT * shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const weights = bytes(trained.map(({ shape }) => shape));
  return { weights, gradients: weights, moments: bytes(trained.flatMap((parameter) => rule.stateRegions(parameter).map(({ shape }) => shape))) };
}
