import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, gatedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan, PlannedTensor } from './plan.ts';

/** Plans LFM2, whose convolutions are known by having no keys and values. */
export function planLfm2(file: GgufContents): Plan {
  const facts = readDecoderFacts(file, 'lfm2');
  const { keys, hiddenSize, headDim, layers } = facts;
  keys.only('rope.dimension_count', headDim);
  const kernel = keys.count('shortconv.l_cache');
  const attends = Array.from({ length: layers }, (_, layer) => file.has(`blk.${layer}.attn_q.weight`));
  const { head_dim: _, hidden_act: __, ...common } = commonConfig(facts);
  const config = {
    architectures: ['Lfm2ForCausalLM'], model_type: 'lfm2', ...common, norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    conv_L_cache: kernel, conv_bias: false, block_auto_adjust_ff_dim: false, layer_types: attends.map((attending) => (attending ? 'full_attention' : 'conv')),
  };
  return decoderPlan(facts, config, {
    norm: ['model.embedding_norm', file.has('output_norm.weight') ? 'output_norm' : 'token_embd_norm'],
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.operator_norm`, `${from}.attn_norm`, [hiddenSize]),
        ...(attends[layer] ? attention(to, from) : convolution(to, from)),
        tensor(`${to}.ffn_norm`, `${from}.ffn_norm`, [hiddenSize]),
        ...gatedTensors(`${to}.feed_forward`, from, facts, false, ['w1', 'w3', 'w2']),
      ];
    },
  });

  function attention(to: string, from: string): PlannedTensor[] {
    return [
      ...attentionTensors(`${to}.self_attn`, from, facts, { output: 'out_proj' }),
      tensor(`${to}.self_attn.q_layernorm`, `${from}.attn_q_norm`, [headDim]),
      tensor(`${to}.self_attn.k_layernorm`, `${from}.attn_k_norm`, [headDim]),
    ];
  }

  function convolution(to: string, from: string): PlannedTensor[] {
    return [
      tensor(`${to}.conv.in_proj`, `${from}.shortconv.in_proj`, [3 * hiddenSize, hiddenSize]),
      tensor(`${to}.conv.conv`, `${from}.shortconv.conv`, [hiddenSize, 1, kernel], 'squeezed'),
      tensor(`${to}.conv.out_proj`, `${from}.shortconv.out_proj`, [hiddenSize, hiddenSize]),
    ];
  }
}
