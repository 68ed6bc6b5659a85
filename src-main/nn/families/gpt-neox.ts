import { add } from '../../graph/ops/elementwise.ts';
import { reshape, split } from '../../graph/ops/layout.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface GptNeoXConfig extends DecoderConfig {
  family: 'gpt_neox';
  attentionBias: boolean;
  /** Whether attention and feed-forward read the same states and are added together. */
  isParallel: boolean;
}

/** GPT-NeoX (Pythia): layer norms, one matrix for queries, keys and values head by head, no gate. */
export function gptNeoX(config: GptNeoXConfig, weights: WeightFormat): Decoder {
  const { heads, headDim, hiddenSize, intermediateSize, attentionBias } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);

  return stack(config, weights, {
    embedding: 'gpt_neox.embed_in.weight',
    output: 'embed_out.weight',
    block(x, layer, attention) {
      const name = `gpt_neox.layers.${layer}`;
      const attended = add(x, selfAttention(pieces.layerNorm(x, `${name}.input_layernorm`), layer, `${name}.attention`, attention));
      const read = pieces.layerNorm(config.isParallel ? x : attended, `${name}.post_attention_layernorm`);
      const wide = pieces.activate(pieces.linear(read, `${name}.mlp.dense_h_to_4h`, intermediateSize, true));
      return add(attended, pieces.linear(wide, `${name}.mlp.dense_4h_to_h`, hiddenSize, true));
    },
    last: (x) => pieces.layerNorm(x, 'gpt_neox.final_layer_norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const joined = pieces.linear(x, `${name}.query_key_value`, 3 * hiddenSize, attentionBias);
    const outer = x.shape.slice(0, -1);
    const [query, key, value] = split(reshape(joined, [...outer, heads, 3 * headDim]), -1, [headDim, headDim, headDim])
      .map((part) => reshape(part, [...outer, hiddenSize])) as [Value, Value, Value];
    return pieces.linear(pieces.attend(attention, { query, key, value }, { layer, rope }), `${name}.dense`, hiddenSize, attentionBias);
  }
}
