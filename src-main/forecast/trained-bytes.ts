import type { TrainSettings } from '../contract/recipe.ts';
import { ruleOf } from '../distill/optimizers/rules.ts';
import { sizeOf } from '../graph/shape.ts';
import type { ParameterSpec } from '../nn/build.ts';
import { bytesOfElement, type Region } from '../runtime/memory/layout.ts';

/** What is trained takes its weights, its gradients and what the optimizer remembers: all in float32, but for moments that are kept in half of it. */
export function trainedBytes(trained: readonly ParameterSpec[], train: TrainSettings): { weights: number; gradients: number; moments: number } {
  const rule = ruleOf(train);
  const bytes = (regions: readonly Region[]): number => regions.reduce((sum, region) => sum + bytesOfElement(region) * sizeOf(region.shape), 0);
  const weights = bytes(trained);
  return { weights, gradients: weights, moments: bytes(trained.flatMap((parameter) => rule.stateRegions(parameter))) };
}
