import { Graph, topological } from '../graph/value.ts';
import type { DType } from '../graph/dtype.ts';
import { sizeOf } from '../graph/shape.ts';
import { FullAttention } from './attention/full.ts';
import type { ModelConfig } from './config.ts';
import type { Decoder } from './decoder.ts';
import { gpt2 } from './families/gpt2.ts';
import { llama } from './families/llama.ts';
import { EXACT, type Matrix, type WeightFormat } from './weight-format.ts';

export interface ParameterSpec { readonly name: string; readonly shape: readonly number[] }

export function buildDecoder(config: ModelConfig, weights: WeightFormat = EXACT): Decoder {
  switch (config.family) {
    case 'llama': return llama(config, weights);
    case 'gpt2': return gpt2(config, weights);
  }
}

/** Every weight a model reads, found by tracing it once; in the order in which it is first used. */
export function listParameters(config: ModelConfig): ParameterSpec[] {
  return listStored(config, EXACT).map(({ name, shape }) => ({ name, shape }));
}

/** What a model's graph reads when its weights are kept in a format. */
export function listStored(config: ModelConfig, weights: WeightFormat): (ParameterSpec & { dtype: DType })[] {
  const decoder = buildDecoder(config, weights);
  const graph = new Graph();
  const hidden = decoder.hidden(graph.input('ids', 'int32', [1, 1]), new FullAttention(graph, 1));
  const { sources } = topological([hidden, decoder.logits(hidden)]);
  return sources.flatMap(({ source, shape, dtype }) => (source?.kind === 'parameter' ? [{ name: source.name, shape: shape.map(Number), dtype }] : []));
}

export function countParameters(parameters: readonly ParameterSpec[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Every matrix a model multiplies by, its output layer last. */
export function listMatrices(config: ModelConfig): Matrix[] {
  const found = new Map<string, Matrix>();
  const decoder = buildDecoder(config, {
    ...EXACT,
    multiply: (x, matrix) => {
      found.set(matrix.name, matrix);
      return EXACT.multiply(x, matrix);
    },
  });
  const graph = new Graph();
  decoder.logits(decoder.hidden(graph.input('ids', 'int32', [1, 1]), new FullAttention(graph, 1)));
  return [...found.values()];
}
