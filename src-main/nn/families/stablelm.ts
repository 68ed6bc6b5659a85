import { add, mul } from '../../graph/ops/elementwise.ts';
import { concat, reshape } from '../../graph/ops/layout.ts';
import { layerNorm } from '../../graph/ops/norm.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface StableLmConfig extends DecoderConfig {
  family: 'stablelm';
  qkvBias: boolean;
  /** A norm for each head of queries and keys (StableLM 2 12B). */
  qkNorm: boolean;
  /** Whether attention and feed-forward read the same norm and are added together. */
  isParallel: boolean;
}

/** StableLM: Llama with layer norms, a quarter of each head rotated. */
export function stableLm(config: StableLmConfig, weights: WeightFormat): Decoder {
  const { heads, kvHeads, headDim, hiddenSize, normEpsilon } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);

  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const normed = pieces.layerNorm(x, `${name}.input_layernorm`);
      const attended = add(x, selfAttention(normed, layer, `${name}.self_attn`, attention));
      const read = config.isParallel ? normed : pieces.layerNorm(attended, `${name}.post_attention_layernorm`);
      return add(attended, pieces.gatedFeedForward(read, `${name}.mlp`));
    },
    last: (x) => pieces.layerNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name, config.qkvBias);
    const normed = config.qkNorm
      ? { query: headNorms(query, heads, `${name}.q_layernorm`), key: headNorms(key, kvHeads, `${name}.k_layernorm`), value }
      : { query, key, value };
    return pieces.linear(pieces.attend(attention, normed, { layer, rope }), `${name}.o_proj`, hiddenSize);
  }

  /** A norm without bias over each head, each with a weight of its own. */
  function headNorms(x: Value, count: number, name: string): Value {
    const { graph } = x;
    const plain = (number: number): Value => graph.constant('float32', [headDim], new Float32Array(headDim).fill(number));
    const each = Array.from({ length: count }, (_, head) => reshape(graph.parameter(`${name}.norms.${head}.weight`, [headDim]), [1, headDim]));
    return pieces.byHead(x, count, (apart) => mul(layerNorm(apart, plain(1), plain(0), normEpsilon), concat(each, 0)));
  }
}
