import type { ModelConfig } from '../../nn/config.ts';

/** `model_type`s that mlx-lm opens under the names and in the layout of a Hugging Face folder. */
const KNOWN: ReadonlySet<string> = new Set([
  'llama', 'mistral', 'ministral3', 'qwen2', 'qwen3', 'gemma2', 'gemma3_text', 'smollm3', 'granite', 'phi3', 'olmo2', 'olmo3', 'glm4', 'stablelm',
]);

export const isKnownToMlx = ({ modelType }: Pick<ModelConfig, 'modelType'>): boolean => KNOWN.has(modelType);
