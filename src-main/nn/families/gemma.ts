import { add, mul, tanh } from '../../graph/ops/elementwise.ts';
import { rmsNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import type { Rope } from '../rope-config.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface GemmaConfig extends DecoderConfig {
  family: 'gemma';
  /** Of layers with a window (Gemma 3); null where they rotate as the others do (Gemma 2). */
  windowRope: Rope | null;
  /** RMS norms over each head of queries and keys (Gemma 3). */
  qkNorm: boolean;
  attentionBias: boolean;
  /** Scores are divided by its root, not by that of the heads' width. */
  queryScalar: number;
  /** Beyond these, scores and logits are bent back (Gemma 2). */
  attentionCap: number | null;
  logitCap: number | null;
}

/** Gemma 2 and 3: norms before and behind both halves of a block, their weights stored as distances from one. */
export function gemma(config: GemmaConfig, weights: WeightFormat): Decoder {
  const { heads, kvHeads, hiddenSize, contextLength, logitCap, attentionBias } = config;
  const pieces = new Pieces(config, weights);
  const wide = new RopeTable(config.rope, contextLength);
  const narrow = config.windowRope ? new RopeTable(config.windowRope, contextLength) : wide;

  return stack(config, weights, {
    embed: (x) => mul(x, Math.sqrt(hiddenSize)),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, norm(selfAttention(norm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention), `${name}.post_attention_layernorm`));
      const fed = pieces.gatedFeedForward(norm(attended, `${name}.pre_feedforward_layernorm`), `${name}.mlp`);
      return add(attended, norm(fed, `${name}.post_feedforward_layernorm`));
    },
    last: (x) => norm(x, 'model.norm'),
    logits: (products) => (logitCap === null ? products : mul(tanh(mul(products, 1 / logitCap)), logitCap)),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name, attentionBias);
    const normed = (part: Value, count: number, which: string): Value =>
      (config.qkNorm ? pieces.byHead(part, count, (apart) => norm(apart, `${name}.${which}`)) : part);
    const context = pieces.attend(attention, { query: normed(query, heads, 'q_norm'), key: normed(key, kvHeads, 'k_norm'), value }, {
      layer, rope: config.windows[layer] === null ? wide : narrow, scale: 1 / Math.sqrt(config.queryScalar), softCap: config.attentionCap,
    });
    return pieces.linear(context, `${name}.o_proj`, hiddenSize, attentionBias);
  }

  function norm(x: Value, name: string): Value {
    const distance = x.graph.parameter(`${name}.weight`, [staticDim(x.shape, -1)]);
    return rmsNorm(x, add(distance, 1), config.normEpsilon);
  }
}
