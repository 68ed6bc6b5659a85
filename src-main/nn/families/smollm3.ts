import { add } from '../../graph/ops/elementwise.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface SmolLm3Config extends DecoderConfig {
  family: 'smollm3';
  /** Whether each layer rotates its queries and keys; the others know no positions. */
  rotates: readonly boolean[];
  attentionBias: boolean;
  mlpBias: boolean;
}

/** SmolLM3: Llama, but every fourth layer without rotation. */
export function smolLm3(config: SmolLm3Config, weights: WeightFormat): Decoder {
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);
  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const heads = pieces.projections(pieces.rmsNorm(x, `${name}.input_layernorm`), `${name}.self_attn`, config.attentionBias);
      const context = pieces.attend(attention, heads, { layer, rope: config.rotates[layer] ? rope : null });
      const attended = add(x, pieces.linear(context, `${name}.self_attn.o_proj`, config.hiddenSize, config.attentionBias));
      return add(attended, pieces.gatedFeedForward(pieces.rmsNorm(attended, `${name}.post_attention_layernorm`), `${name}.mlp`, config.mlpBias));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });
}
