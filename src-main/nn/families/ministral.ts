import { add } from '../../graph/ops/elementwise.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface MinistralConfig extends DecoderConfig {
  family: 'ministral';
  /** Queries grow with their position: by 1 + growth * log(1 + floor(position / every)). */
  queryGrowth: { growth: number; every: number };
}

/** Ministral 3: Llama whose queries grow with their position, so that attention stays sharp in long texts. */
export function ministral(config: MinistralConfig, weights: WeightFormat): Decoder {
  const { growth, every } = config.queryGrowth;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength, { queryScale: (position) => 1 + growth * Math.log1p(Math.floor(position / every)) });
  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const heads = pieces.projections(pieces.rmsNorm(x, `${name}.input_layernorm`), `${name}.self_attn`);
      const attended = add(x, pieces.linear(pieces.attend(attention, heads, { layer, rope }), `${name}.self_attn.o_proj`, config.hiddenSize));
      return add(attended, pieces.gatedFeedForward(pieces.rmsNorm(attended, `${name}.post_attention_layernorm`), `${name}.mlp`));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });
}
