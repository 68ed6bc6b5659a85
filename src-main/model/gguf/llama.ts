import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, gatedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** What tells the architectures of this family apart. */
const FAMILY = {
  llama: { head: 'LlamaForCausalLM', permuted: true, qkvBias: null, qkNorm: false },
  qwen2: { head: 'Qwen2ForCausalLM', permuted: false, qkvBias: true, qkNorm: false },
  qwen3: { head: 'Qwen3ForCausalLM', permuted: false, qkvBias: null, qkNorm: true },
  smollm3: { head: 'SmolLM3ForCausalLM', permuted: true, qkvBias: null, qkNorm: false },
  granite: { head: 'GraniteForCausalLM', permuted: true, qkvBias: null, qkNorm: false },
  mistral3: { head: 'MistralForCausalLM', permuted: true, qkvBias: false, qkNorm: false },
} as const;

/**
 * Plans what is stored as Llama is (Mistral and SmolLM as Llama itself), Qwen2 and Qwen3. Queries and keys of most have
 * been permuted for a rotary embedding that turns neighbours.
 */
export async function planLlama(file: GgufContents, architecture: keyof typeof FAMILY): Promise<Plan> {
  const { head, permuted, qkvBias, qkNorm } = FAMILY[architecture];
  const facts = readDecoderFacts(file, architecture);
  const { keys, hiddenSize, headDim, theta } = facts;
  keys.only('rope.dimension_count', headDim);
  const attentionBias = qkvBias ?? file.has('blk.0.attn_q.bias');
  const mlpBias = architecture !== 'qwen2' && architecture !== 'qwen3' && file.has('blk.0.ffn_up.bias');
  const scaling = await readRopeScaling(file, keys, { theta, headDim });
  const config = {
    architectures: [head], model_type: architecture, ...commonConfig(facts), rope_scaling: scaling,
    rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    // Qwen2 has its biases without saying so, and none on the attention's output.
    ...(architecture === 'qwen2' ? { use_sliding_window: false } : architecture === 'mistral3' ? {} : { attention_bias: attentionBias }),
    ...(architecture === 'llama' || architecture === 'smollm3' || architecture === 'granite' ? { mlp_bias: mlpBias } : {}),
    ...own(),
  };
  const outputBias = attentionBias && architecture !== 'qwen2';
  return decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias: attentionBias, outputBias, permuted }),
        ...(qkNorm ? ['q_norm', 'k_norm'].map((norm) => tensor(`${to}.self_attn.${norm}`, `${from}.attn_${norm}`, [headDim])) : []),
        tensor(`${to}.post_attention_layernorm`, `${from}.ffn_norm`, [hiddenSize]),
        ...gatedTensors(`${to}.mlp`, from, facts, mlpBias),
      ];
    },
  });

  function own(): Record<string, unknown> {
    switch (architecture) {
      // The layers without rotation are the same in every file: GGUF has no word for them.
      case 'smollm3': return { no_rope_layer_interval: 4 };
      case 'granite': return {
        attention_multiplier: keys.number('attention.scale', 1), embedding_multiplier: keys.number('embedding_scale', 1),
        residual_multiplier: keys.number('residual_scale', 1), logits_scaling: keys.number('logit_scale', 1),
      };
      case 'mistral3': return ministral(keys.has('attention.temperature_scale'));
      default: return {};
    }
  }

  /** Mistral Small and Ministral 3 share an architecture; only the latter's queries grow. */
  function ministral(grows: boolean): Record<string, unknown> {
    if (!grows) return { model_type: 'mistral', sliding_window: null };
    const sharpness = keys.number('rope.scaling.yarn_log_multiplier', 1);
    return {
      architectures: ['Ministral3ForCausalLM'], model_type: 'ministral3', sliding_window: null, rope_theta: undefined, rope_scaling: undefined,
      rope_parameters: { ...scaling, rope_theta: theta, mscale: sharpness, mscale_all_dim: sharpness, llama_4_scaling_beta: keys.number('attention.temperature_scale') },
    };
  }
}
