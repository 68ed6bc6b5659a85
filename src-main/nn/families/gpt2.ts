import { add, relu } from '../../graph/ops/elementwise.ts';
import { gelu, silu } from '../../graph/ops/activation.ts';
import { split } from '../../graph/ops/layout.ts';
import { layerNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { Activation } from '../decoder-config.ts';
import { plainly, type Decoder } from '../decoder.ts';
import type { Matrix, Table, WeightFormat } from '../weights/weight-format.ts';

export interface Gpt2Config {
  family: 'gpt2';
  modelType: string;
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  intermediateSize: number;
  normEpsilon: number;
  activation: Activation;
  tiedEmbeddings: boolean;
  /** GPT-2 may divide scores by sqrt(head width) and, in some checkpoints, by the layer's number as well. */
  scaleAttention: boolean;
  scaleByLayer: boolean;
  contextLength: number;
}

export function gpt2(config: Gpt2Config, weights: WeightFormat): Decoder {
  const { vocabSize, hiddenSize, heads, intermediateSize, normEpsilon, contextLength } = config;
  const headDim = hiddenSize / heads;
  const embedding: Table = { name: 'transformer.wte.weight', shape: [vocabSize, hiddenSize] };
  const places: Table = { name: 'transformer.wpe.weight', shape: [contextLength, hiddenSize] };
  const outputLayer: Matrix = { name: config.tiedEmbeddings ? embedding.name : 'lm_head.weight', shape: embedding.shape, layout: 'out-in' };

  return {
    vocabSize, hiddenSize, headDim, contextLength,
    layers: config.layers,
    tables: [embedding, places],
    kvHeads: heads,
    convolutions: new Map(),
    encoder: null,
    hidden(ids, attention, around = plainly) {
      const positions = weights.lookUp(attention.positions, places);
      let x = add(weights.lookUp(ids, embedding), positions);
      for (let layer = 0; layer < config.layers; layer++) x = around(x, (input) => block(input, layer, attention));
      return norm(x, 'transformer.ln_f');
    },
    outputLayer,
    logits: (hidden) => weights.multiply(hidden, outputLayer),
  };

  function block(x: Value, layer: number, attention: Attention): Value {
    const name = `transformer.h.${layer}`;
    const attended = add(x, selfAttention(norm(x, `${name}.ln_1`), layer, `${name}.attn`, attention));
    const wide = activate(affine(norm(attended, `${name}.ln_2`), `${name}.mlp.c_fc`, intermediateSize));
    return add(attended, affine(wide, `${name}.mlp.c_proj`, hiddenSize));
  }

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const [query, key, value] = split(affine(x, `${name}.c_attn`, 3 * hiddenSize), -1, [hiddenSize, hiddenSize, hiddenSize]) as [Value, Value, Value];
    const scale = (config.scaleAttention ? 1 / Math.sqrt(headDim) : 1) / (config.scaleByLayer ? layer + 1 : 1);
    const context = attention.attend({ layer, query, key, value, heads, kvHeads: heads, headDim, scale, window: null, rope: null, softCap: null, bias: null });
    return affine(context, `${name}.c_proj`, hiddenSize);
  }

  function activate(x: Value): Value {
    switch (config.activation) {
      case 'relu': return relu(x);
      case 'silu': return silu(x);
      case 'gelu': return gelu(x, 'none');
      case 'gelu_tanh': return gelu(x, 'tanh');
    }
  }

  function norm(x: Value, name: string): Value {
    const vector = (part: string): Value => x.graph.parameter(`${name}.${part}`, [hiddenSize]);
    return layerNorm(x, vector('weight'), vector('bias'), normEpsilon);
  }

  /** GPT-2 stores its matrices [in, out]. */
  function affine(x: Value, name: string, width: number): Value {
    const product = weights.multiply(x, { name: `${name}.weight`, shape: [staticDim(x.shape, -1), width], layout: 'in-out' });
    return add(product, x.graph.parameter(`${name}.bias`, [width]));
  }
}
