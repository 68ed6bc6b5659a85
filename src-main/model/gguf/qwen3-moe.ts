import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan, PlannedTensor } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** Plans Qwen3's mixtures of experts; llama.cpp knows those only whose every layer is one and whose shares add up to one. */
export async function planQwen3Moe(file: GgufContents): Promise<Plan> {
  const facts = readDecoderFacts(file, 'qwen3moe');
  const { keys, hiddenSize, headDim, theta } = facts;
  const experts = keys.count('expert_count');
  const perToken = keys.count('expert_used_count');
  const expertSize = keys.count('expert_feed_forward_length', facts.intermediateSize / perToken);
  keys.only('rope.dimension_count', headDim);
  keys.only('expert_weights_scale', 1);
  const attentionBias = file.has('blk.0.attn_q.bias');
  const config = {
    architectures: ['Qwen3MoeForCausalLM'], model_type: 'qwen3_moe', ...commonConfig(facts), rope_scaling: await readRopeScaling(file, keys, { theta, headDim }),
    rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'), attention_bias: attentionBias, use_sliding_window: false,
    num_experts: experts, num_experts_per_tok: perToken, moe_intermediate_size: expertSize, norm_topk_prob: true, decoder_sparse_step: 1,
  };
  const bank = (to: string, from: string, outputs: number, inputs: number): PlannedTensor => tensor(to, from, [experts * outputs, inputs], { experts });
  return decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias: attentionBias, outputBias: attentionBias }),
        ...['q_norm', 'k_norm'].map((norm) => tensor(`${to}.self_attn.${norm}`, `${from}.attn_${norm}`, [headDim])),
        tensor(`${to}.post_attention_layernorm`, `${from}.ffn_norm`, [hiddenSize]),
        tensor(`${to}.mlp.gate`, `${from}.ffn_gate_inp`, [experts, hiddenSize]),
        bank(`${to}.mlp.experts.gate_proj`, `${from}.ffn_gate_exps`, expertSize, hiddenSize),
        bank(`${to}.mlp.experts.up_proj`, `${from}.ffn_up_exps`, expertSize, hiddenSize),
        bank(`${to}.mlp.experts.down_proj`, `${from}.ffn_down_exps`, hiddenSize, expertSize),
      ];
    },
  });
}
