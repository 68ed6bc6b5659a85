import type { GgufContents } from './contents.ts';
import { affine, commonConfig, decoderPlan, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan, PlannedTensor } from './plan.ts';

/** Plans GPT-NeoX (Pythia). */
export function planGptNeoX(file: GgufContents): Plan {
  const facts = readDecoderFacts(file, 'gptneox');
  const { keys, hiddenSize, heads, headDim, intermediateSize, theta } = facts;
  const rotated = keys.count('rope.dimension_count', headDim);
  const hasBias = file.has('blk.0.attn_qkv.bias');
  const { head_dim: _, num_key_value_heads: __, rope_theta: ___, ...common } = commonConfig(facts);
  const config = {
    architectures: ['GPTNeoXForCausalLM'], model_type: 'gpt_neox', ...common, hidden_act: 'gelu', layer_norm_eps: keys.number('attention.layer_norm_epsilon'),
    rotary_pct: rotated / headDim, rotary_emb_base: theta, use_parallel_residual: keys.flag('use_parallel_residual', true), attention_bias: hasBias,
  };
  const norm = (to: string, from: string): PlannedTensor[] => ['weight', 'bias'].map((part) => tensor(to, from, [hiddenSize], 'same', part));
  return decoderPlan(facts, config, {
    embedding: 'gpt_neox.embed_in', output: 'embed_out', norm: ['gpt_neox.final_layer_norm', 'output_norm'], normBias: true,
    block: (layer) => {
      const [to, from] = [`gpt_neox.layers.${layer}`, `blk.${layer}`];
      return [
        ...norm(`${to}.input_layernorm`, `${from}.attn_norm`),
        ...affine(`${to}.attention.query_key_value`, `${from}.attn_qkv`, [3 * hiddenSize, hiddenSize], hasBias, { joined: { heads } }),
        ...affine(`${to}.attention.dense`, `${from}.attn_output`, [hiddenSize, hiddenSize], hasBias),
        ...norm(`${to}.post_attention_layernorm`, `${from}.ffn_norm`),
        ...affine(`${to}.mlp.dense_h_to_4h`, `${from}.ffn_up`, [intermediateSize, hiddenSize], true),
        ...affine(`${to}.mlp.dense_4h_to_h`, `${from}.ffn_down`, [hiddenSize, intermediateSize], true),
      ];
    },
  });
}
