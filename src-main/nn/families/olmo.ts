import { add } from '../../graph/ops/elementwise.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import type { Rope } from '../rope-config.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface OlmoConfig extends DecoderConfig {
  family: 'olmo';
  /** Of layers with a window (OLMo 3, which stretches the others only). */
  windowRope: Rope;
  attentionBias: boolean;
}

/** OLMo 2 and 3: norms behind attention and feed-forward instead of before, and over all heads of queries and keys together. */
export function olmo(config: OlmoConfig, weights: WeightFormat): Decoder {
  const { hiddenSize, contextLength, attentionBias } = config;
  const pieces = new Pieces(config, weights);
  const wide = new RopeTable(config.rope, contextLength);
  const narrow = new RopeTable(config.windowRope, contextLength);

  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, pieces.rmsNorm(selfAttention(x, layer, `${name}.self_attn`, attention), `${name}.post_attention_layernorm`));
      return add(attended, pieces.rmsNorm(pieces.gatedFeedForward(attended, `${name}.mlp`), `${name}.post_feedforward_layernorm`));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name, attentionBias);
    const normed = { query: pieces.rmsNorm(query, `${name}.q_norm`), key: pieces.rmsNorm(key, `${name}.k_norm`), value };
    const context = pieces.attend(attention, normed, { layer, rope: config.windows[layer] === null ? wide : narrow });
    return pieces.linear(context, `${name}.o_proj`, hiddenSize, attentionBias);
  }
}
