import type { GgufFile } from './gguf-file.ts';
import { ArchitectureKeys, type Plan, type PlannedTensor } from './plan.ts';
import { readRopeScaling } from './rope-scaling.ts';

/** What tells the architectures of this family apart. */
const FAMILY = {
  llama: { head: 'LlamaForCausalLM', permuted: true, qkvBias: null, qkNorm: false },
  qwen2: { head: 'Qwen2ForCausalLM', permuted: false, qkvBias: true, qkNorm: false },
  qwen3: { head: 'Qwen3ForCausalLM', permuted: false, qkvBias: null, qkNorm: true },
} as const;

/**
 * Plans Llama (Mistral and SmolLM are stored as such), Qwen2 and Qwen3. Queries and keys of Llama have been permuted for
 * a rotary embedding that turns neighbours.
 */
export async function planLlama(file: GgufFile, architecture: keyof typeof FAMILY): Promise<Plan> {
  const { head, permuted, qkvBias, qkNorm } = FAMILY[architecture];
  const keys = new ArchitectureKeys(file.metadata, architecture);
  const hiddenSize = keys.count('embedding_length');
  const layers = keys.count('block_count');
  const heads = keys.count('attention.head_count');
  const kvHeads = keys.count('attention.head_count_kv', heads);
  const headDim = keys.count('attention.key_length', hiddenSize / heads);
  const intermediateSize = keys.count('feed_forward_length');
  const contextLength = keys.count('context_length');
  const theta = keys.number('rope.freq_base', 10000);
  keys.only('attention.value_length', headDim);
  keys.only('rope.dimension_count', headDim);
  keys.ignore('vocab_size', 'tensor_data_layout');

  const vocabSize = file.has('token_embd.weight') ? file.shape('token_embd.weight')[0]! : 0;
  const tied = !file.has('output.weight');
  const attentionBias = qkvBias ?? file.has('blk.0.attn_q.bias');
  const mlpBias = architecture === 'llama' && file.has('blk.0.ffn_up.bias');
  const scaling = await readRopeScaling(file, keys, { theta, headDim });
  const config = {
    architectures: [head], model_type: architecture,
    vocab_size: vocabSize, hidden_size: hiddenSize, intermediate_size: intermediateSize, num_hidden_layers: layers,
    num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim: headDim, hidden_act: 'silu',
    max_position_embeddings: contextLength, rms_norm_eps: keys.number('attention.layer_norm_rms_epsilon'),
    rope_theta: theta, rope_scaling: scaling, tie_word_embeddings: tied,
    // Qwen2 has its biases without saying so, and none on the attention's output.
    ...(architecture === 'qwen2' ? { use_sliding_window: false } : { attention_bias: attentionBias }),
    ...(architecture === 'llama' ? { mlp_bias: mlpBias } : {}),
  };
  keys.refuseRest();
  const tensors = [
    tensor('model.embed_tokens', 'token_embd', [vocabSize, hiddenSize]),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    tensor('model.norm', 'output_norm', [hiddenSize]),
    ...(tied ? [] : [tensor('lm_head', 'output', [vocabSize, hiddenSize])]),
  ];
  return { modelType: architecture, config, vocabSize, contextLength, tensors };

  function block(layer: number): PlannedTensor[] {
    const rotary = permuted ? { rotary: { headDim } } : 'same';
    const outputBias = attentionBias && architecture !== 'qwen2';
    const [to, from] = [`model.layers.${layer}`, `blk.${layer}`];
    return [
      tensor(`${to}.input_layernorm`, `${from}.attn_norm`, [hiddenSize]),
      ...affine(`${to}.self_attn.q_proj`, `${from}.attn_q`, [heads * headDim, hiddenSize], attentionBias, rotary),
      ...affine(`${to}.self_attn.k_proj`, `${from}.attn_k`, [kvHeads * headDim, hiddenSize], attentionBias, rotary),
      ...affine(`${to}.self_attn.v_proj`, `${from}.attn_v`, [kvHeads * headDim, hiddenSize], attentionBias),
      ...affine(`${to}.self_attn.o_proj`, `${from}.attn_output`, [hiddenSize, heads * headDim], outputBias),
      ...(qkNorm ? [tensor(`${to}.self_attn.q_norm`, `${from}.attn_q_norm`, [headDim]), tensor(`${to}.self_attn.k_norm`, `${from}.attn_k_norm`, [headDim])] : []),
      tensor(`${to}.post_attention_layernorm`, `${from}.ffn_norm`, [hiddenSize]),
      ...affine(`${to}.mlp.gate_proj`, `${from}.ffn_gate`, [intermediateSize, hiddenSize], mlpBias),
      ...affine(`${to}.mlp.up_proj`, `${from}.ffn_up`, [intermediateSize, hiddenSize], mlpBias),
      ...affine(`${to}.mlp.down_proj`, `${from}.ffn_down`, [hiddenSize, intermediateSize], mlpBias),
    ];
  }
}

function tensor(to: string, from: string, shape: readonly number[], layout: PlannedTensor['layout'] = 'same', part = 'weight'): PlannedTensor {
  return { name: `${to}.${part}`, source: `${from}.${part}`, shape, layout };
}

function affine(
  to: string, from: string, shape: readonly [number, number], hasBias: boolean, layout: PlannedTensor['layout'] = 'same',
): PlannedTensor[] {
  return [tensor(to, from, shape, layout), ...(hasBias ? [tensor(to, from, [shape[0]], layout, 'bias')] : [])];
}
