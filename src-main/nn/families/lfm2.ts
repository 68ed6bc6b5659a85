import { add, mul } from '../../graph/ops/elementwise.ts';
import { split } from '../../graph/ops/layout.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { shortConvolution } from '../pieces/short-convolution.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface Lfm2Config extends DecoderConfig {
  family: 'lfm2';
  /** Whether each layer attends; the others look back a few positions. */
  attends: readonly boolean[];
  /** Positions that a convolution sees, its own included. */
  kernel: number;
  convolutionBias: boolean;
}

/** LFM2: most layers are a gated convolution over the last few positions, the others attention with normed heads. */
export function lfm2(config: Lfm2Config, weights: WeightFormat): Decoder {
  const { heads, kvHeads, hiddenSize, intermediateSize, kernel, convolutionBias } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);

  return stack(config, weights, {
    convolutions: new Map(config.attends.flatMap((attends, layer) => (attends ? [] : [[layer, { width: hiddenSize, reach: kernel - 1 }] as const]))),
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const normed = pieces.rmsNorm(x, `${name}.operator_norm`);
      const mixed = add(x, config.attends[layer] ? selfAttention(normed, layer, `${name}.self_attn`, attention) : convolution(normed, layer, `${name}.conv`, attention));
      return add(mixed, feedForward(pieces.rmsNorm(mixed, `${name}.ffn_norm`), `${name}.feed_forward`));
    },
    last: (x) => pieces.rmsNorm(x, 'model.embedding_norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name);
    const norm = (part: Value, count: number, which: string): Value => pieces.byHead(part, count, (apart) => pieces.rmsNorm(apart, `${name}.${which}`));
    const context = pieces.attend(attention, { query: norm(query, heads, 'q_layernorm'), key: norm(key, kvHeads, 'k_layernorm'), value }, { layer, rope });
    return pieces.linear(context, `${name}.out_proj`, hiddenSize);
  }

  /** A short convolution between two gates. */
  function convolution(x: Value, layer: number, name: string, attention: Attention): Value {
    const [before, behind, inner] = split(pieces.linear(x, `${name}.in_proj`, 3 * hiddenSize, convolutionBias), -1, [hiddenSize, hiddenSize, hiddenSize]) as [Value, Value, Value];
    const sums = shortConvolution(mul(before, inner), `${name}.conv.weight`, { layer, kernel }, attention);
    const convolved = convolutionBias ? add(sums, x.graph.parameter(`${name}.conv.bias`, [hiddenSize])) : sums;
    return pieces.linear(mul(behind, convolved), `${name}.out_proj`, hiddenSize, convolutionBias);
  }

  function feedForward(x: Value, name: string): Value {
    const gate = pieces.activate(pieces.linear(x, `${name}.w1`, intermediateSize));
    return pieces.linear(mul(gate, pieces.linear(x, `${name}.w3`, intermediateSize)), `${name}.w2`, hiddenSize);
  }
}
