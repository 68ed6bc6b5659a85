import type { GgufContents } from './contents.ts';
import { commonConfig, decoderPlan, fusedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import { shortest } from './metadata.ts';
import type { Plan } from './plan.ts';

const LONG = 'rope_factors_long.weight';
const SHORT = 'rope_factors_short.weight';

/** Plans Phi-3, 3.5, 4 and 4-mini. The factors of LongRoPE are tensors. */
export async function planPhi3(file: GgufContents): Promise<Plan> {
  const facts = readDecoderFacts(file, 'phi3');
  const { keys, hiddenSize, heads, kvHeads, headDim } = facts;
  const rotated = keys.count('rope.dimension_count', headDim);
  const window = keys.number('attention.sliding_window', 0);
  const factors = file.has(LONG) && { long_factor: Array.from(await file.read(LONG), shortest), short_factor: Array.from(await file.read(SHORT), shortest) };
  // It follows from the two lengths.
  keys.ignore('rope.scaling.attn_factor', 'rope.scaling.type');
  const { head_dim: _, ...common } = commonConfig(facts);
  const config = {
    architectures: ['Phi3ForCausalLM'], model_type: 'phi3', ...common, rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    original_max_position_embeddings: keys.count('rope.scaling.original_context_length', 4096),
    partial_rotary_factor: rotated / headDim, sliding_window: window === 0 ? null : window,
    rope_scaling: factors ? { type: 'longrope', ...factors } : null,
  };
  const plan = decoderPlan(facts, config, {
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
        tensor(`${to}.self_attn.qkv_proj`, `${from}.attn_qkv`, [(heads + 2 * kvHeads) * headDim, hiddenSize]),
        tensor(`${to}.self_attn.o_proj`, `${from}.attn_output`, [hiddenSize, heads * headDim]),
        tensor(`${to}.post_attention_layernorm`, `${from}.ffn_norm`, [hiddenSize]),
        ...fusedTensors(`${to}.mlp`, from, facts),
      ];
    },
  });
  return plan;
}
