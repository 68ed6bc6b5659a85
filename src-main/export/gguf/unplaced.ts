import { Problem } from '../../contract/problem.ts';
import type { ModelConfig } from '../../nn/config.ts';

/** Of a model that llama.cpp cannot be told of. */
export function unplaced({ modelType }: ModelConfig, what: string): Problem {
  return new Problem(`llama.cpp has no place for a model of the type ${modelType} ${what}, so it cannot be written as GGUF.`, { hint: 'Export it as ONNX or safetensors.' });
}
