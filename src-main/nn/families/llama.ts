import { add } from '../../graph/ops/elementwise.ts';
import type { Value } from '../../graph/value.ts';
import type { Attention } from '../attention/attention.ts';
import type { DecoderConfig } from '../decoder-config.ts';
import type { Decoder } from '../decoder.ts';
import { Pieces } from '../pieces/pieces.ts';
import { stack } from '../pieces/stack.ts';
import { RopeTable } from '../rope.ts';
import type { WeightFormat } from '../weights/weight-format.ts';

export interface LlamaConfig extends DecoderConfig {
  family: 'llama';
  /** Biases on q, k and v (Qwen2), on the attention's output, on the feed-forward's three matrices. */
  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  /** RMS norms over each head of queries and keys before the rotation (Qwen3). */
  qkNorm: boolean;
}

/** Llama, Mistral, Qwen2, Qwen3, SmolLM, Falcon 3: one block, told apart by their configs. */
export function llama(config: LlamaConfig, weights: WeightFormat): Decoder {
  const { heads, kvHeads, hiddenSize } = config;
  const pieces = new Pieces(config, weights);
  const rope = new RopeTable(config.rope, config.contextLength);

  return stack(config, weights, {
    block(x, layer, attention) {
      const name = `model.layers.${layer}`;
      const attended = add(x, selfAttention(pieces.rmsNorm(x, `${name}.input_layernorm`), layer, `${name}.self_attn`, attention));
      return add(attended, pieces.gatedFeedForward(pieces.rmsNorm(attended, `${name}.post_attention_layernorm`), `${name}.mlp`, config.mlpBias));
    },
    last: (x) => pieces.rmsNorm(x, 'model.norm'),
  });

  function selfAttention(x: Value, layer: number, name: string, attention: Attention): Value {
    const { query, key, value } = pieces.projections(x, name, config.qkvBias);
    const norm = (part: Value, count: number, which: string): Value =>
      (config.qkNorm ? pieces.byHead(part, count, (apart) => pieces.rmsNorm(apart, `${name}.${which}`)) : part);
    const context = pieces.attend(attention, { query: norm(query, heads, 'q_norm'), key: norm(key, kvHeads, 'k_norm'), value }, { layer, rope });
    return pieces.linear(context, `${name}.o_proj`, hiddenSize, config.outputBias);
  }
}
