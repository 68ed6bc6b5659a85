import type { GgufContents } from './contents.ts';
import { attentionTensors, commonConfig, decoderPlan, gatedTensors, readDecoderFacts, tensor } from './decoder-plan.ts';
import type { Plan } from './plan.ts';

/** Plans StableLM, but for those whose heads have norms (their tensors are refused by name). */
export function planStableLm(file: GgufContents): Plan {
  const facts = readDecoderFacts(file, 'stablelm');
  const { keys, hiddenSize, headDim } = facts;
  const rotated = keys.count('rope.dimension_count', headDim);
  const isParallel = keys.flag('use_parallel_residual', true);
  const qkvBias = file.has('blk.0.attn_q.bias');
  const { head_dim: _, ...common } = commonConfig(facts);
  const config = {
    architectures: ['StableLmForCausalLM'], model_type: 'stablelm', ...common, layer_norm_eps: keys.number('attention.layer_norm_epsilon'),
    partial_rotary_factor: rotated / headDim, use_parallel_residual: isParallel, use_qkv_bias: qkvBias, qk_layernorm: false,
  };
  const norm = (to: string, from: string) => ['weight', 'bias'].map((part) => tensor(to, from, [hiddenSize], 'same', part));
  return decoderPlan(facts, config, {
    normBias: true,
    block: (layer) => {
      const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
      return [
        ...norm(`${to}.input_layernorm`, `${from}.attn_norm`),
        ...attentionTensors(`${to}.self_attn`, from, facts, { qkvBias }),
        ...(isParallel ? [] : norm(`${to}.post_attention_layernorm`, `${from}.ffn_norm`)),
        ...gatedTensors(`${to}.mlp`, from, facts),
      ];
    },
  });
}
