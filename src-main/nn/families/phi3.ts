import { add } from '../../graph/ops/elementwise.ts';
import { split } from '../../graph/ops/layout.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface Phi3Config extends DecoderConfig { family: 'phi3' }

/** Phi-3, 3.5, 4 and 4-mini: Llama with one matrix for queries, keys and values, and one for gate and up. */
export function phi3(config: Phi3Config, weights: WeightFormat): Decoder {
  const { heads, kvHeads, headDim, hiddenSize } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);
  const widths = [heads * headDim, kvHeads * headDim, kvHeads * headDim];

  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, selfAttention(pieces.rmsNorm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention));
      const normed = pieces.rmsNorm(attended, `${name}.post_attention_layernorm`);
      return add(attended, pieces.fusedFeedForward(normed, `${name}.mlp.gate_up_proj`, `${name}.mlp.down_proj`));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const joined = pieces.linear(x, `${name}.qkv_proj`, widths.reduce((sum, width) => sum + width, 0));
    const [query, key, value] = split(joined, -1, widths) as [Value, Value, Value];
    return pieces.linear(pieces.attend(attention, { query, key, value }, { layer, rope }), `${name}.o_proj`, hiddenSize);
  }
}
