import type { ModelConfig } from '../../nn/config.ts';
import type { TensorToMake } from './tensor-to-make.ts';

/** Granite 4 keeps gate and up in one matrix, and GGUF in two: the halves of its rows. */
export function splitGateAndUp(tensors: readonly TensorToMake[], config: ModelConfig): TensorToMake[] {
  if (config.family !== 'granite' || !config.sharesFeedForward) return [...tensors];
  const { intermediateSize: size } = config;
  return tensors.map((tensor) => {
    const [, layer, part] = /^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj\.weight$/.exec(tensor.name) ?? [];
    if (layer === undefined) return tensor;
    const name = `model.layers.${layer}.shared_mlp.${part === 'down' ? 'output' : 'input'}_linear.weight`;
    if (part === 'down') return { ...tensor, name };
    return { ...tensor, name, rows: part === 'gate' ? [0, size] : [size, 2 * size] };
  });
}
