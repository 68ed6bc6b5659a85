import type { Recipe } from '../contract/recipe.ts';
import type { Model } from '../model/load-model.ts';
import type { ModelConfig } from '../nn/config.ts';

/** Bytes of activations that one micro-batch may keep for its backward pass. */
const BUDGET = 2 ** 30;
const FLOAT = 4;

/**
 * Whether a student's layers are computed again in the backward pass. What a recipe leaves open follows from the sizes
 * alone, never from what memory is free, so that a run is the same wherever it goes on.
 */
export function recomputes({ train, data }: Recipe, { folder: { config } }: Model): boolean {
  return train.recompute ?? perToken(config, false) * (data.maxPromptTokens + data.maxCompletionTokens) > BUDGET;
}

/** How many examples fit into the budget, at least one. */
export function fittingExamples(recipe: Recipe, student: Model): number {
  const { maxPromptTokens, maxCompletionTokens } = recipe.data;
  return Math.max(1, Math.floor(BUDGET / (perToken(student.folder.config, recomputes(recipe, student)) * (maxPromptTokens + maxCompletionTokens))));
}

/** A layer keeps about ten tensors as wide as the model and five as wide as its feed-forward for every token; computed again, its input alone. */
function perToken(config: ModelConfig, isRecomputed: boolean): number {
  const layers = config.family === 't5' ? config.layers + config.encoderLayers : config.layers;
  const layer = 10 * config.hiddenSize + 5 * config.intermediateSize;
  return FLOAT * (isRecomputed ? layers * config.hiddenSize + layer : layers * layer);
}
