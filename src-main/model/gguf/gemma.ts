import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, gatedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan, PlannedTensor } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** Of 27B, whose scores are scaled by another width than that of a head; GGUF does not say so, llama.cpp knows it by the layers. */
const LAYERS_OF_27B = { gemma2: 46, gemma3: 62 } as const;

/** Plans Gemma 2 and 3, whose norms are stored with the one that their folder leaves out. */
export async function planGemma(file: GgufContents, architecture: 'gemma2' | 'gemma3'): Promise<Plan> {
  const facts = readDecoderFacts(file, architecture);
  const { keys, hiddenSize, heads, headDim, layers } = facts;
  const isThird = architecture === 'gemma3';
  const theta = keys.number('rope.freq_base', isThird ? 1e6 : 1e4);
  keys.only('rope.dimension_count', headDim);
  const scaling = await readRopeScaling(file, keys, { theta, headDim });
  const { hidden_act: _, ...common } = commonConfig(facts);
  const config = {
    architectures: [isThird ? 'Gemma3ForCausalLM' : 'Gemma2ForCausalLM'], model_type: isThird ? 'gemma3_text' : 'gemma2', ...common,
    hidden_activation: 'gelu_pytorch_tanh', rope_theta: theta, rope_scaling: scaling, rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    query_pre_attn_scalar: layers === LAYERS_OF_27B[architecture] ? hiddenSize / heads : headDim,
    sliding_window: keys.count('attention.sliding_window', 4096),
    layer_types: keys.windows(layers, (layer) => (layer + 1) % (isThird ? 6 : 2) !== 0),
    final_logit_softcapping: keys.has('final_logit_softcapping') ? keys.number('final_logit_softcapping') : null,
    ...(isThird
      ? { rope_local_base_freq: keys.number('rope.freq_base_swa', 1e4) }
      : { attn_logit_softcapping: keys.has('attn_logit_softcapping') ? keys.number('attn_logit_softcapping') : null }),
  };
  const norm = (to: string, from: string, width: number): PlannedTensor => tensor(to, from, [width], 'from one');
  return decoderPlan(facts, config, {
    normLayout: 'from one',
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        norm(`${to}.input_layernorm`, `${from}.attn_norm`, hiddenSize),
        ...attentionTensors(`${to}.self_attn`, from, facts),
        ...(isThird ? ['q_norm', 'k_norm'].map((name) => norm(`${to}.self_attn.${name}`, `${from}.attn_${name}`, headDim)) : []),
        norm(`${to}.post_attention_layernorm`, `${from}.post_attention_norm`, hiddenSize),
        norm(`${to}.pre_feedforward_layernorm`, `${from}.ffn_norm`, hiddenSize),
        ...gatedTensors(`${to}.mlp`, from, facts),
        norm(`${to}.post_feedforward_layernorm`, `${from}.post_ffw_norm`, hiddenSize),
      ];
    },
  });
}
