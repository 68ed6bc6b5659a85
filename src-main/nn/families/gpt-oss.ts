import { add, max, min, mul, sigmoid } from '../../graph/ops/elementwise.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { topK } from '../../graph/ops/top-k.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { mixture, type Expert } from '../pieces/mixture.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { Table, WeightFormat } from '../weights/weight-format.ts';

export interface GptOssConfig extends DecoderConfig {
  family: 'gpt_oss';
  attentionBias: boolean;
  experts: number;
  expertsPerToken: number;
  /** The gate's activation is g sigmoid(alpha g), where neither gate nor up passes the limit. */
  alpha: number;
  limit: number;
}

/** A matrix of each of a layer's experts, in folders as Retort has them and in GGUF files: [experts * outputs, inputs], with biases [experts, outputs]. */
type Which = 'gate_proj' | 'up_proj' | 'down_proj';

/** gpt-oss: every feed-forward is a mixture, and heads may look at nothing. */
export function gptOss(config: GptOssConfig, weights: WeightFormat): Decoder {
  const { hiddenSize, intermediateSize, heads, experts, limit, alpha, attentionBias } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);
  const mlp = (layer: number): string => `model.layers.${layer}.mlp`;

  return stack(config, weights, {
    banks: Array.from({ length: config.layers }, (_, layer) => (['gate_proj', 'up_proj', 'down_proj'] as const).map((which) => bank(mlp(layer), which))).flat(),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, selfAttention(pieces.rmsNorm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention));
      return add(attended, routed(pieces.rmsNorm(attended, `${name}.post_attention_layernorm`), mlp(layer)));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const sinks = x.graph.parameter(`${name}.sinks`, [heads]);
    return pieces.linear(pieces.attend(attention, pieces.projections(x, name, attentionBias), { layer, rope, sinks }), `${name}.o_proj`, hiddenSize, attentionBias);
  }

  function routed(x: Value, name: string): Value {
    const { graph } = x;
    // What chooses is never rounded.
    const scores = add(matmul(x, graph.parameter(`${name}.router.weight`, [experts, hiddenSize]), { transB: true }), graph.parameter(`${name}.router.bias`, [experts]));
    const { values, indices } = topK(scores, config.expertsPerToken);
    return mixture(x, { chosen: indices, shares: softmax(values) }, experts, weights, (rows, expert) => {
      const gate = min(affine(expert, rows, name, 'gate_proj'), limit);
      const up = max(min(affine(expert, rows, name, 'up_proj'), limit), -limit);
      return affine(expert, mul(add(up, 1), mul(gate, sigmoid(mul(gate, alpha)))), name, 'down_proj');
    });
  }

  function affine(expert: Expert, x: Value, name: string, which: Which): Value {
    return add(expert.multiply(x, bank(name, which)), expert.row(x.graph.parameter(`${name}.experts.${which}.bias`, [experts, outputsOf(which)])));
  }

  function bank(name: string, which: Which): Table {
    return { name: `${name}.experts.${which}.weight`, shape: [experts * outputsOf(which), which === 'down_proj' ? intermediateSize : hiddenSize] };
  }

  function outputsOf(which: Which): number {
    return which === 'down_proj' ? hiddenSize : intermediateSize;
  }
}
