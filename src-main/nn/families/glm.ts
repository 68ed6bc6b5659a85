import { add } from '../../graph/ops/elementwise.ts';
import type { Value } from '../../graph/value.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface GlmConfig extends DecoderConfig {
  family: 'glm';
  qkvBias: boolean;
  /** Norms behind attention and feed-forward, besides those before (GLM-4 of 2025). */
  normsBehind: boolean;
}

/** GLM-4: half of each head rotates, by neighbours; gate and up are one matrix. */
export function glm(config: GlmConfig, weights: WeightFormat): Decoder {
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength, { pairing: 'neighbours' });
  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const heads = pieces.projections(pieces.rmsNorm(x, `${name}.input_layernorm`), `${name}.self_attn`, config.qkvBias);
      const context = pieces.linear(pieces.attend(attention, heads, { layer, rope }), `${name}.self_attn.o_proj`, config.hiddenSize);
      const attended = add(x, behind(context, `${name}.post_self_attn_layernorm`));
      const normed = pieces.rmsNorm(attended, `${name}.post_attention_layernorm`);
      return add(attended, behind(pieces.fusedFeedForward(normed, `${name}.mlp.gate_up_proj`, `${name}.mlp.down_proj`), `${name}.post_mlp_layernorm`));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function behind(x: Value, name: string): Value {
    return config.normsBehind ? pieces.rmsNorm(x, name) : x;
  }
}
