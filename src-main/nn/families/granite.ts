import { add, mul } from '../../graph/ops/elementwise.ts';
import type { Value } from '../../graph/value.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface GraniteConfig extends DecoderConfig {
  family: 'granite';
  /** What embeddings, what a half of a block adds, scores, and (as a divisor) logits are scaled by. */
  embeddingScale: number;
  residualScale: number;
  attentionScale: number;
  logitDivisor: number;
  attentionBias: boolean;
  mlpBias: boolean;
  /** Granite 4's models without rotation know no positions. */
  rotates: boolean;
  /** Granite 4 stores gate and up as one matrix, under the name of the experts' shared part. */
  sharesFeedForward: boolean;
}

/** Granite 3, and those of Granite 4 that are neither mixtures of experts nor hybrids: Llama with four scalars. */
export function granite(config: GraniteConfig, weights: WeightFormat): Decoder {
  const { hiddenSize, residualScale, attentionBias } = config;
  const pieces = new Pieces(config, weights);
  const rope = config.rotates ? new RopeTable(config.rope, config.contextLength) : null;

  return stack(config, weights, {
    embed: (x) => mul(x, config.embeddingScale),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const heads = pieces.projections(pieces.rmsNorm(x, `${name}.input_layernorm`), `${name}.self_attn`, attentionBias);
      const context = pieces.attend(attention, heads, { layer, rope, scale: config.attentionScale });
      const attended = add(x, mul(pieces.linear(context, `${name}.self_attn.o_proj`, hiddenSize, attentionBias), residualScale));
      return add(attended, mul(feedForward(pieces.rmsNorm(attended, `${name}.post_attention_layernorm`), name), residualScale));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
    logits: (products) => mul(products, 1 / config.logitDivisor),
  });

  function feedForward(x: Value, name: string): Value {
    return config.sharesFeedForward
      ? pieces.fusedFeedForward(x, `${name}.shared_mlp.input_linear`, `${name}.shared_mlp.output_linear`)
      : pieces.gatedFeedForward(x, `${name}.mlp`, config.mlpBias);
  }
}
