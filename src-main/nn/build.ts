import { Graph, topological, type Value } from '../graph/value.ts';
import type { DType } from '../graph/dtype.ts';
import { sizeOf } from '../graph/shape.ts';
import { FullAttention } from './attention/full.ts';
import { readSource } from './attention/read-source.ts';
import type { ModelConfig } from './config.ts';
import type { Decoder } from './decoder.ts';
import { gemma } from './families/gemma.ts';
import { glm } from './families/glm.ts';
import { gptNeoX } from './families/gpt-neox.ts';
import { gpt2 } from './families/gpt2.ts';
import { gptOss } from './families/gpt-oss.ts';
import { granite } from './families/granite.ts';
import { lfm2 } from './families/lfm2.ts';
import { llama } from './families/llama.ts';
import { ministral } from './families/ministral.ts';
import { olmo } from './families/olmo.ts';
import { phi3 } from './families/phi3.ts';
import { qwen35 } from './families/qwen3-5.ts';
import { qwen3Moe } from './families/qwen3-moe.ts';
import { smolLm3 } from './families/smollm3.ts';
import { stableLm } from './families/stablelm.ts';
import { t5 } from './families/t5.ts';
import { EXACT } from './weights/exact.ts';
import { inRows } from './weights/in-rows.ts';
import type { Matrix, WeightFormat } from './weights/weight-format.ts';

export interface ParameterSpec { readonly name: string; readonly shape: readonly number[] }

/** The weights themselves, as they lie in memory. */
export const IN_MEMORY = inRows(EXACT);

export function buildDecoder(config: ModelConfig, weights: WeightFormat = IN_MEMORY): Decoder {
  const decoder = familyOf(config, weights);
  const { constant } = weights;
  return {
    ...decoder, unpacksOutput: weights.unpacks?.(decoder.outputLayer.name) ?? false,
    ...(constant && { constant: { decoder: familyOf(config, constant), packs: constant.packs } }),
  };
}

function familyOf(config: ModelConfig, weights: WeightFormat): Decoder {
  switch (config.family) {
    case 'gemma': return gemma(config, weights);
    case 'glm': return glm(config, weights);
    case 'gpt_neox': return gptNeoX(config, weights);
    case 'gpt2': return gpt2(config, weights);
    case 'gpt_oss': return gptOss(config, weights);
    case 'granite': return granite(config, weights);
    case 'lfm2': return lfm2(config, weights);
    case 'llama': return llama(config, weights);
    case 'ministral': return ministral(config, weights);
    case 'olmo': return olmo(config, weights);
    case 'phi3': return phi3(config, weights);
    case 'qwen3_5': return qwen35(config, weights);
    case 'qwen3_moe': return qwen3Moe(config, weights);
    case 'smollm3': return smolLm3(config, weights);
    case 'stablelm': return stableLm(config, weights);
    case 't5': return t5(config, weights);
  }
}

/** Every weight a model reads, found by tracing it once; in the order in which it is first used. */
export function listParameters(config: ModelConfig): ParameterSpec[] {
  return listStored(config, EXACT).map(({ name, shape }) => ({ name, shape }));
}

/** What a model's graph reads when its weights are kept in a format. */
function listStored(config: ModelConfig, weights: WeightFormat): (ParameterSpec & { dtype: DType })[] {
  return parametersOf(trace(buildDecoder(config, weights)));
}

function parametersOf(value: Value): (ParameterSpec & { dtype: DType })[] {
  const { sources } = topological([value]);
  return sources.flatMap(({ source, shape, dtype }) => (source?.kind === 'parameter' ? [{ name: source.name, shape: shape.map(Number), dtype }] : []));
}

/** The weights that a model's logits read, of those that `listParameters` lists; without what its hidden states need. */
export function listHead(config: ModelConfig): ParameterSpec[] {
  const { hiddenSize, logits } = buildDecoder(config, EXACT);
  return parametersOf(logits(new Graph().input('hidden', 'float32', [1, hiddenSize]))).map(({ name, shape }) => ({ name, shape }));
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
  trace(decoder);
  return [...found.values()];
}

/** The logits of one token: everything a model computes, at its smallest. */
function trace(decoder: Decoder): Value {
  const graph = new Graph();
  return decoder.logits(decoder.hidden(graph.input('ids', 'int32', [1, 1]), new FullAttention(graph, 1, readSource(graph, decoder, 1, 1))));
}
