import { add, div, mul } from '../../graph/ops/elementwise.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { topK } from '../../graph/ops/top-k.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { mixture } from '../pieces/mixture.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { Table, WeightFormat } from '../weights/weight-format.ts';

export interface Qwen3MoeConfig extends DecoderConfig {
  family: 'qwen3_moe';
  attentionBias: boolean;
  /** Whether the shares of the chosen experts are made to add up to one. */
  normalizesShares: boolean;
  experts: number;
  expertsPerToken: number;
  expertSize: number;
  /** Whether each layer's feed-forward is a mixture. */
  isMixture: readonly boolean[];
}

/** The matrices of a layer's experts, each kind below each other. */
type Banks = Record<'gate_proj' | 'up_proj' | 'down_proj', Table>;

/** Qwen3's mixtures of experts (30B-A3B, 235B-A22B): its dense models with a feed-forward of which a token uses a few parts. */
export function qwen3Moe(config: Qwen3MoeConfig, weights: WeightFormat): Decoder {
  const { heads, kvHeads, hiddenSize, experts, expertSize } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);
  const mlp = (layer: number): string => `model.layers.${layer}.mlp`;

  return stack(config, weights, {
    banks: config.isMixture.flatMap((isMixture, layer) => (isMixture ? Object.values(banks(mlp(layer))) : [])),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, selfAttention(pieces.rmsNorm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention));
      const normed = pieces.rmsNorm(attended, `${name}.post_attention_layernorm`);
      return add(attended, config.isMixture[layer] ? routed(normed, mlp(layer)) : pieces.gatedFeedForward(normed, mlp(layer)));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name, config.attentionBias);
    const norm = (part: Value, count: number, which: string): Value => pieces.byHead(part, count, (apart) => pieces.rmsNorm(apart, `${name}.${which}`));
    const context = pieces.attend(attention, { query: norm(query, heads, 'q_norm'), key: norm(key, kvHeads, 'k_norm'), value }, { layer, rope });
    return pieces.linear(context, `${name}.o_proj`, hiddenSize, config.attentionBias);
  }

  function routed(x: Value, name: string): Value {
    // What chooses is never rounded.
    const scores = matmul(x, x.graph.parameter(`${name}.gate.weight`, [experts, hiddenSize]), { transB: true });
    const { values, indices } = topK(softmax(scores), config.expertsPerToken);
    const shares = config.normalizesShares ? div(values, sum(values, [-1], true)) : values;
    const { gate_proj, up_proj, down_proj } = banks(name);
    return mixture(x, { chosen: indices, shares }, experts, weights, (rows, expert) => (
      expert.multiply(mul(pieces.activate(expert.multiply(rows, gate_proj)), expert.multiply(rows, up_proj)), down_proj)));
  }

  function banks(name: string): Banks {
    const bank = (which: string, outputs: number, inputs: number): Table => ({ name: `${name}.experts.${which}.weight`, shape: [experts * outputs, inputs] });
    return {
      gate_proj: bank('gate_proj', expertSize, hiddenSize), up_proj: bank('up_proj', expertSize, hiddenSize), down_proj: bank('down_proj', hiddenSize, expertSize),
    };
  }
}
