import { silu } from '../../graph/ops/activation.ts';
import { add, exp, mul, neg, sigmoid, softplus } from '../../graph/ops/elementwise.ts';
import { reshape, split } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { rmsNorm } from '../../graph/ops/norm.ts';
import { staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { deltaRule, type DeltaSizes } from '../pieces/delta-rule.ts';
import { Pieces } from '../pieces/pieces.ts';
import { shortConvolution } from '../pieces/short-convolution.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface Qwen35Config extends DecoderConfig {
  family: 'qwen3_5';
  attentionBias: boolean;
  /** Whether each layer attends; the others remember by the gated delta rule. */
  attends: readonly boolean[];
  /** Positions that a convolution sees, its own included. */
  kernel: number;
  /** Of the layers that remember. */
  linear: DeltaSizes;
}

/** Qwen3.5's text model: most layers remember by the gated delta rule, the others attend with a gate on what they see. */
export function qwen35(config: Qwen35Config, weights: WeightFormat): Decoder {
  const { heads, kvHeads, headDim, hiddenSize, normEpsilon, kernel, attentionBias, linear } = config;
  const { keyHeads, valueHeads, keyDim, valueDim } = linear;
  const [keys, values] = [keyHeads * keyDim, valueHeads * valueDim];
  const memory = [valueHeads, keyDim, valueDim];
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);

  return stack(config, weights, {
    onlyTeaches: true,
    convolutions: new Map(config.attends.flatMap((attends, layer) => (attends ? [] : [[layer, { width: 2 * keys + values, reach: kernel - 1, memory }] as const]))),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const normed = norm(x, `${name}.input_layernorm`);
      const mixed = add(x, config.attends[layer] ? selfAttention(normed, layer, `${name}.self_attn`, attention) : linearAttention(normed, layer, `${name}.linear_attn`, attention));
      return add(mixed, pieces.gatedFeedForward(norm(mixed, `${name}.post_attention_layernorm`), `${name}.mlp`));
    },
    last: (x) => norm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const outer = x.shape.slice(0, -1);
    const part = (which: string, width: number): Value => pieces.linear(x, `${name}.${which}_proj`, width, attentionBias);
    // Each head's query stands before its gate.
    const both = split(reshape(part('q', 2 * heads * headDim), [...outer, heads, 2 * headDim]), -1, [headDim, headDim]);
    const [query, gate] = both.map((one) => reshape(one, [...outer, heads * headDim])) as [Value, Value];
    const headNorm = (of: Value, count: number, which: string): Value => pieces.byHead(of, count, (apart) => norm(apart, `${name}.${which}`));
    const context = pieces.attend(attention, {
      query: headNorm(query, heads, 'q_norm'), key: headNorm(part('k', kvHeads * headDim), kvHeads, 'k_norm'), value: part('v', kvHeads * headDim),
    }, { layer, rope });
    return pieces.linear(mul(context, sigmoid(gate)), `${name}.o_proj`, hiddenSize, attentionBias);
  }

  function linearAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { graph } = x;
    const convolved = pieces.activate(shortConvolution(pieces.linear(x, `${name}.in_proj_qkv`, 2 * keys + values), `${name}.conv1d.weight`, { layer, kernel }, attention));
    const [query, key, value] = split(convolved, -1, [keys, keys, values]) as [Value, Value, Value];
    // What says how much is kept is never rounded.
    const perHead = (which: string): Value => matmul(x, graph.parameter(`${name}.${which}.weight`, [valueHeads, hiddenSize]), { transB: true });
    const rate = sigmoid(perHead('in_proj_b'));
    const decay = mul(neg(exp(graph.parameter(`${name}.A_log`, [valueHeads]))), softplus(add(perHead('in_proj_a'), graph.parameter(`${name}.dt_bias`, [valueHeads]))));
    const context = attention.recur({
      layer, x, shape: memory,
      advance: (before, isText) => deltaRule({ query, key, value, decay: isText ? mul(decay, isText) : decay, rate: isText ? mul(rate, isText) : rate }, before, linear),
    });
    const normed = pieces.byHead(context, valueHeads, (apart) => pieces.rmsNorm(apart, `${name}.norm`));
    return pieces.linear(mul(normed, silu(pieces.linear(x, `${name}.in_proj_z`, values))), `${name}.out_proj`, hiddenSize);
  }

  /** Its weights are stored as distances from one. */
  function norm(x: Value, name: string): Value {
    return rmsNorm(x, add(x.graph.parameter(`${name}.weight`, [staticDim(x.shape, -1)]), 1), normEpsilon);
  }
}
