import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, gatedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** Plans OLMo 2, and OLMo 3, which is stored as such and known by its windows. */
export async function planOlmo2(file: GgufContents): Promise<Plan> {
  const facts = readDecoderFacts(file, 'olmo2');
  const { keys, hiddenSize, heads, kvHeads, headDim, layers, theta } = facts;
  keys.only('rope.dimension_count', headDim);
  const scaling = await readRopeScaling(file, keys, { theta, headDim });
  const hasBias = file.has('blk.0.attn_q.bias');
  const isThird = keys.has('attention.sliding_window');
  const windowed = keys.number('rope.freq_base_swa', theta);
  const { rope_theta: _, ...common } = commonConfig(facts);
  const config = {
    architectures: [isThird ? 'Olmo3ForCausalLM' : 'Olmo2ForCausalLM'], model_type: isThird ? 'olmo3' : 'olmo2', ...common,
    rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'), attention_bias: hasBias,
    ...(isThird ? {
      sliding_window: keys.count('attention.sliding_window'),
      layer_types: keys.windows(layers, (layer) => (layer + 1) % 4 !== 0),
      // Layers with a window are not stretched.
      rope_parameters: {
        full_attention: { rope_type: 'default', ...scaling, rope_theta: theta }, sliding_attention: { rope_type: 'default', rope_theta: windowed },
      },
    } : { rope_theta: theta, rope_scaling: scaling }),
  };
  return decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias: hasBias, outputBias: hasBias }),
        tensor(`${to}.self_attn.q_norm`, `${from}.attn_q_norm`, [heads * headDim]),
        tensor(`${to}.self_attn.k_norm`, `${from}.attn_k_norm`, [kvHeads * headDim]),
        tensor(`${to}.post_attention_layernorm`, `${from}.post_attention_norm`, [hiddenSize]),
        ...gatedTensors(`${to}.mlp`, from, facts),
        tensor(`${to}.post_feedforward_layernorm`, `${from}.post_ffw_norm`, [hiddenSize]),
      ];
    },
  });
}
