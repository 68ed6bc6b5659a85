import type { GgufContents } from './contents.ts';
import { ArchitectureKeys, type Plan, type PlannedTensor } from './plan.ts';

/** Plans GPT-2, whose matrices are stored [in, out] in its model folder but [out, in] in GGUF. */
export function planGpt2(file: GgufContents): Plan {
  const keys = new ArchitectureKeys(file.metadata, 'gpt2');
  const hiddenSize = keys.count('embedding_length');
  const layers = keys.count('block_count');
  const intermediateSize = keys.count('feed_forward_length');
  const contextLength = keys.count('context_length');
  keys.ignore('vocab_size');
  const vocabSize = file.has('token_embd.weight') ? file.shape('token_embd.weight')[0]! : 0;
  const tied = !file.has('output.weight');
  const config = {
    architectures: ['GPT2LMHeadModel'], model_type: 'gpt2',
    vocab_size: vocabSize, n_embd: hiddenSize, n_inner: intermediateSize, n_layer: layers, n_head: keys.count('attention.head_count'),
    n_positions: contextLength, layer_norm_epsilon: keys.number('attention.layer_norm_epsilon'), activation_function: 'gelu_new',
    tie_word_embeddings: tied,
  };
  keys.refuseRest();
  const tensors: PlannedTensor[] = [
    { name: 'transformer.wte.weight', source: 'token_embd.weight', shape: [vocabSize, hiddenSize], layout: 'same' },
    { name: 'transformer.wpe.weight', source: 'position_embd.weight', shape: [contextLength, hiddenSize], layout: 'same' },
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    ...norm('transformer.ln_f', 'output_norm'),
    ...(tied ? [] : [{ name: 'lm_head.weight', source: 'output.weight', shape: [vocabSize, hiddenSize], layout: 'same' } as const]),
  ];
  return { modelType: 'gpt2', config, vocabSize, contextLength, tensors };

  function block(layer: number): PlannedTensor[] {
    const [to, from] = [`transformer.h.${layer}`, `blk.${layer}`];
    return [
      ...norm(`${to}.ln_1`, `${from}.attn_norm`),
      ...affine(`${to}.attn.c_attn`, `${from}.attn_qkv`, hiddenSize, 3 * hiddenSize),
      ...affine(`${to}.attn.c_proj`, `${from}.attn_output`, hiddenSize, hiddenSize),
      ...norm(`${to}.ln_2`, `${from}.ffn_norm`),
      ...affine(`${to}.mlp.c_fc`, `${from}.ffn_up`, hiddenSize, intermediateSize),
      ...affine(`${to}.mlp.c_proj`, `${from}.ffn_down`, intermediateSize, hiddenSize),
    ];
  }

  function norm(to: string, from: string): PlannedTensor[] {
    return ['weight', 'bias'].map((part) => ({ name: `${to}.${part}`, source: `${from}.${part}`, shape: [hiddenSize], layout: 'same' }));
  }
}

function affine(to: string, from: string, inputs: number, outputs: number): PlannedTensor[] {
  return [
    { name: `${to}.weight`, source: `${from}.weight`, shape: [inputs, outputs], layout: 'transposed' },
    { name: `${to}.bias`, source: `${from}.bias`, shape: [outputs], layout: 'same' },
  ];
}
