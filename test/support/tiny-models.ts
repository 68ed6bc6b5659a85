import { fillNormal } from '../../src-main/contract/random.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import type { Gpt2Config } from '../../src-main/nn/families/gpt2.ts';
import type { T5Config } from '../../src-main/nn/families/t5.ts';
import type { LlamaConfig } from '../../src-main/nn/families/llama.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import { float32 } from '../../src-main/runtime/tensor.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';

/** A llama of a few thousand parameters with grouped heads of an odd width. */
export function tinyLlama(changes: Partial<LlamaConfig> = {}): LlamaConfig {
  const headDim = changes.headDim ?? 6;
  return {
    family: 'llama', modelType: 'llama', vocabSize: 53, hiddenSize: 24, layers: 2, heads: 4, kvHeads: 2, headDim,
    intermediateSize: 40, normEpsilon: 1e-5, qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false,
    tiedEmbeddings: true, activation: 'silu', rope: { theta: 10000, scaling: null, width: headDim }, windows: [null, null], contextLength: 128,
    ...changes,
  };
}

export function tinyGpt2(changes: Partial<Gpt2Config> = {}): Gpt2Config {
  return {
    family: 'gpt2', modelType: 'gpt2', vocabSize: 53, hiddenSize: 24, layers: 2, heads: 3, intermediateSize: 40, normEpsilon: 1e-5,
    activation: 'gelu_tanh', tiedEmbeddings: true, scaleAttention: true, scaleByLayer: false, contextLength: 64,
    ...changes,
  };
}

export function tinyT5(changes: Partial<T5Config> = {}): T5Config {
  return {
    family: 't5', modelType: 't5', vocabSize: 53, hiddenSize: 24, layers: 2, encoderLayers: 2, heads: 3, headDim: 6, intermediateSize: 40,
    normEpsilon: 1e-6, buckets: 8, maxDistance: 20, biasInEveryLayer: false, activation: 'gelu_tanh', isGated: true, tiedEmbeddings: false, scalesOutput: false, startId: 0,
    ...changes,
  };
}

/** Weights large enough that logits spread; norms near one. */
export function randomWeights(config: ModelConfig, seed: number, deviation = 0.25): HostWeights {
  return Object.fromEntries(listParameters(config).map(({ name, shape }, at) => {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    fillNormal(data, seed, { purpose: 'init', example: at }, deviation);
    if (/norm|ln_/.test(name) && name.endsWith('weight')) data.forEach((value, element) => { data[element] = 1 + value; });
    return [name, float32(data, shape)];
  }));
}
