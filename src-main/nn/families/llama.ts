import { add, mul } from '../../graph/ops/elementwise.ts';
import { gelu, silu } from '../../graph/ops/activation.ts';
import { reshape } from '../../graph/ops/layout.ts';
import { rmsNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { LlamaConfig } from '../config.ts';
import type { Decoder } from '../decoder.ts';
import { RopeTable } from '../rope.ts';
import type { Matrix, Table, WeightFormat } from '../weights/weight-format.ts';

/** Llama, Mistral, Qwen2, Qwen3, SmolLM: one block, told apart by their configs. */
export function llama(config: LlamaConfig, weights: WeightFormat): Decoder {
  const { vocabSize, hiddenSize, heads, kvHeads, headDim, intermediateSize, normEpsilon } = config;
  const rope = new RopeTable(config);
  const embedding: Table = { name: 'model.embed_tokens.weight', shape: [vocabSize, hiddenSize] };
  const outputLayer: Matrix = { name: config.tiedEmbeddings ? embedding.name : 'lm_head.weight', shape: embedding.shape, layout: 'out-in' };

  return {
    vocabSize, hiddenSize, kvHeads, headDim,
    layers: config.layers,
    tables: [embedding],
    contextLength: config.contextLength,
    encoder: null,
    hidden(ids, attention) {
      let x = weights.lookUp(ids, embedding);
      for (let layer = 0; layer < config.layers; layer++) x = block(x, layer, attention);
      return norm(x, 'model.norm');
    },
    outputLayer,
    logits: (hidden) => weights.multiply(hidden, outputLayer),
  };

  function block(x: Value, layer: number, attention: Attention): Value {
    const name = `model.layers.${layer}`;
    const attended = add(x, selfAttention(norm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention));
    return add(attended, feedForward(norm(attended, `${name}.post_attention_layernorm`), `${name}.mlp`));
  }

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const query = linear(x, `${name}.q_proj`, heads * headDim, config.qkvBias);
    const key = linear(x, `${name}.k_proj`, kvHeads * headDim, config.qkvBias);
    const context = attention.attend({
      layer, heads, kvHeads, headDim, rope, bias: null,
      query: config.qkNorm ? headNorm(query, `${name}.q_norm`, heads) : query,
      key: config.qkNorm ? headNorm(key, `${name}.k_norm`, kvHeads) : key,
      value: linear(x, `${name}.v_proj`, kvHeads * headDim, config.qkvBias),
      scale: 1 / Math.sqrt(headDim),
      window: config.windows[layer] ?? null,
    });
    return linear(context, `${name}.o_proj`, hiddenSize, config.outputBias);
  }

  function feedForward(x: Value, name: string): Value {
    const gate = linear(x, `${name}.gate_proj`, intermediateSize, config.mlpBias);
    const activated = config.activation === 'silu' ? silu(gate) : gelu(gate, config.activation === 'gelu' ? 'none' : 'tanh');
    return linear(mul(activated, linear(x, `${name}.up_proj`, intermediateSize, config.mlpBias)), `${name}.down_proj`, hiddenSize, config.mlpBias);
  }

  function norm(x: Value, name: string): Value {
    return rmsNorm(x, x.graph.parameter(`${name}.weight`, [hiddenSize]), normEpsilon);
  }

  /** The norm of Qwen3 over each head's own width. */
  function headNorm(x: Value, name: string, count: number): Value {
    const apart = reshape(x, [...x.shape.slice(0, -1), count, headDim]);
    return reshape(rmsNorm(apart, x.graph.parameter(`${name}.weight`, [headDim]), normEpsilon), x.shape);
  }

  function linear(x: Value, name: string, width: number, hasBias: boolean): Value {
    const product = weights.multiply(x, { name: `${name}.weight`, shape: [width, staticDim(x.shape, -1)], layout: 'out-in' });
    return hasBias ? add(product, x.graph.parameter(`${name}.bias`, [width])) : product;
  }
}
