import { gelu, silu } from '../../graph/ops/activation.ts';
import { add, mul, relu } from '../../graph/ops/elementwise.ts';
import { rmsNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention, SelfAttention } from '../attention/attention.ts';
import type { Activation } from '../decoder-config.ts';
import { plainly, type Decoder } from '../decoder.ts';
import { RelativeBias } from '../relative-bias.ts';
import type { Matrix, Table, WeightFormat } from '../weights/weight-format.ts';

export interface T5Config {
  family: 't5';
  modelType: 't5' | 'mt5' | 'umt5';
  vocabSize: number;
  hiddenSize: number;
  /** Of the decoder. */
  layers: number;
  encoderLayers: number;
  heads: number;
  headDim: number;
  intermediateSize: number;
  normEpsilon: number;
  /** Buckets of the bias by distance, and the distance from which all share the last. */
  buckets: number;
  maxDistance: number;
  /** Whether every layer has a bias of its own (umT5), or all of a stack share the first's. */
  biasInEveryLayer: boolean;
  activation: Activation;
  /** Whether the feed-forward's activation gates a second product (v1.1, Flan-T5). */
  isGated: boolean;
  tiedEmbeddings: boolean;
  /** The original T5 and umT5 divide their last hidden states by sqrt(hiddenSize). */
  scalesOutput: boolean;
  /** The id a completion starts after. */
  startId: number;
}

/** T5, T5 v1.1, Flan-T5, mT5 and umT5: an encoder reads the prompt, a decoder writes the completion. */
export function t5(config: T5Config, weights: WeightFormat): Decoder {
  const { vocabSize, hiddenSize, heads, headDim, intermediateSize, normEpsilon } = config;
  const embedding: Table = { name: 'shared.weight', shape: [vocabSize, hiddenSize] };
  const outputLayer: Matrix = { name: config.tiedEmbeddings ? embedding.name : 'lm_head.weight', shape: embedding.shape, layout: 'out-in' };

  return {
    vocabSize, hiddenSize, headDim,
    layers: config.layers,
    kvHeads: heads,
    convolutions: new Map(),
    tables: [embedding],
    contextLength: null,
    encoder: {
      layers: config.encoderLayers,
      startId: config.startId,
      states(ids, attention, around = plainly) {
        let x = weights.lookUp(ids, embedding);
        for (let layer = 0; layer < config.encoderLayers; layer++) {
          x = around(x, (input) => feedForward(selfAttention(input, 'encoder', layer, attention), `encoder.block.${layer}.layer.1`));
        }
        return norm(x, 'encoder.final_layer_norm');
      },
      keysAndValues(states, layer) {
        const name = `decoder.block.${layer}.layer.1.EncDecAttention`;
        return { key: linear(states, `${name}.k`, heads * headDim), value: linear(states, `${name}.v`, heads * headDim) };
      },
    },
    hidden(ids, attention, around = plainly) {
      let x = weights.lookUp(ids, embedding);
      for (let layer = 0; layer < config.layers; layer++) {
        x = around(x, (input) => (
          feedForward(sourceAttention(selfAttention(input, 'decoder', layer, attention), layer, attention), `decoder.block.${layer}.layer.2`)));
      }
      const last = norm(x, 'decoder.final_layer_norm');
      return config.scalesOutput ? mul(last, 1 / Math.sqrt(hiddenSize)) : last;
    },
    outputLayer,
    logits: (hidden) => weights.multiply(hidden, outputLayer),
  };

  function selfAttention(x: Value, stack: 'encoder' | 'decoder', layer: number, attention: SelfAttention): Value {
    const part = `${stack}.block.${layer}.layer.0`;
    const name = `${part}.SelfAttention`;
    const normed = norm(x, `${part}.layer_norm`);
    const context = attention.attend({
      layer, heads, kvHeads: heads, headDim, window: null, rope: null, softCap: null, bias: relativeBias(stack, config.biasInEveryLayer ? layer : 0),
      query: linear(normed, `${name}.q`, heads * headDim),
      key: linear(normed, `${name}.k`, heads * headDim),
      value: linear(normed, `${name}.v`, heads * headDim),
      // The initialization of T5 takes the place of a scale.
      scale: 1,
    });
    return add(x, linear(context, `${name}.o`, hiddenSize));
  }

  function sourceAttention(x: Value, layer: number, attention: Attention): Value {
    const part = `decoder.block.${layer}.layer.1`;
    const query = linear(norm(x, `${part}.layer_norm`), `${part}.EncDecAttention.q`, heads * headDim);
    const context = attention.attendSource({ layer, query, heads, headDim, scale: 1 });
    return add(x, linear(context, `${part}.EncDecAttention.o`, hiddenSize));
  }

  function feedForward(x: Value, part: string): Value {
    const name = `${part}.DenseReluDense`;
    const normed = norm(x, `${part}.layer_norm`);
    const wide = config.isGated
      ? mul(activate(linear(normed, `${name}.wi_0`, intermediateSize)), linear(normed, `${name}.wi_1`, intermediateSize))
      : activate(linear(normed, `${name}.wi`, intermediateSize));
    return add(x, linear(wide, `${name}.wo`, hiddenSize));
  }

  function activate(x: Value): Value {
    switch (config.activation) {
      case 'relu': return relu(x);
      case 'silu': return silu(x);
      case 'gelu': return gelu(x, 'none');
      case 'gelu_tanh': return gelu(x, 'tanh');
    }
  }

  function relativeBias(stack: 'encoder' | 'decoder', layer: number): RelativeBias {
    return new RelativeBias({
      name: `${stack}.block.${layer}.layer.0.SelfAttention.relative_attention_bias.weight`,
      heads, buckets: config.buckets, maxDistance: config.maxDistance, isBidirectional: stack === 'encoder',
    });
  }

  function norm(x: Value, name: string): Value {
    return rmsNorm(x, x.graph.parameter(`${name}.weight`, [hiddenSize]), normEpsilon);
  }

  function linear(x: Value, name: string, width: number): Value {
    return weights.multiply(x, { name: `${name}.weight`, shape: [width, staticDim(x.shape, -1)], layout: 'out-in' });
  }
}
