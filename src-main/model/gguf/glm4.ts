import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, fusedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** Plans GLM-4 of 2025. */
export async function planGlm4(file: GgufContents): Promise<Plan> {
  const facts = readDecoderFacts(file, 'glm4');
  const { keys, hiddenSize, headDim, theta } = facts;
  const rotated = keys.count('rope.dimension_count', headDim);
  const qkvBias = file.has('blk.0.attn_q.bias');
  const config = {
    architectures: ['Glm4ForCausalLM'], model_type: 'glm4', ...commonConfig(facts), rope_scaling: await readRopeScaling(file, keys, { theta, headDim: rotated }),
    rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'), partial_rotary_factor: rotated / headDim, attention_bias: qkvBias,
  };
  return decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias }),
        tensor(`${to}.post_self_attn_layernorm`, `${from}.post_attention_norm`, [hiddenSize]),
        tensor(`${to}.post_attention_layernorm`, `${from}.ffn_norm`, [hiddenSize]),
        ...fusedTensors(`${to}.mlp`, from, facts),
        tensor(`${to}.post_mlp_layernorm`, `${from}.post_ffw_norm`, [hiddenSize]),
      ];
    },
  });
}
