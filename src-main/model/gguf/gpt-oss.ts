import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan, PlannedTensor } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** Plans gpt-oss. What bends its experts' gates has no key; llama.cpp knows it. */
export async function planGptOss(file: GgufContents): Promise<Plan> {
  const facts = readDecoderFacts(file, 'gpt-oss');
  const { keys, hiddenSize, heads, headDim, theta, layers } = facts;
  const experts = keys.count('expert_count');
  const expertSize = keys.count('expert_feed_forward_length', facts.intermediateSize);
  keys.only('rope.dimension_count', headDim);
  const scaling = await readRopeScaling(file, keys, { theta, headDim });
  const config = {
    architectures: ['GptOssForCausalLM'], model_type: 'gpt_oss', ...commonConfig(facts), intermediate_size: expertSize,
    rope_scaling: scaling && { ...scaling, truncate: false }, rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'), attention_bias: true,
    sliding_window: keys.count('attention.sliding_window'), layer_types: keys.windows(layers, (layer) => layer % 2 === 0),
    num_local_experts: experts, num_experts_per_tok: keys.count('expert_used_count'), swiglu_alpha: 1.702, swiglu_limit: 7,
  };
  const bank = (to: string, from: string, outputs: number, inputs: number): PlannedTensor[] => [
    tensor(to, from, [experts * outputs, inputs], { experts }), tensor(to, from, [experts, outputs], 'same', 'bias'),
  ];
  return decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias: true, outputBias: true }),
        { name: `${to}.self_attn.sinks`, source: `${from}.attn_sinks.weight`, shape: [heads], layout: 'same' },
        tensor(`${to}.post_attention_layernorm`, `${from}.post_attention_norm`, [hiddenSize]),
        tensor(`${to}.mlp.router`, `${from}.ffn_gate_inp`, [experts, hiddenSize]),
        tensor(`${to}.mlp.router`, `${from}.ffn_gate_inp`, [experts], 'same', 'bias'),
        ...bank(`${to}.mlp.experts.gate_proj`, `${from}.ffn_gate_exps`, expertSize, hiddenSize),
        ...bank(`${to}.mlp.experts.up_proj`, `${from}.ffn_up_exps`, expertSize, hiddenSize),
        ...bank(`${to}.mlp.experts.down_proj`, `${from}.ffn_down_exps`, hiddenSize, expertSize),
      ];
    },
  });
}
