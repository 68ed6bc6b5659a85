import type { GgufContents } from './contents.ts';
import { ArchitectureKeys, type Plan, type PlannedTensor } from './plan.ts';

/** What the metadata of decoders share. */
export interface DecoderFacts {
  readonly keys: ArchitectureKeys;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly contextLength: number;
  readonly theta: number;
  readonly vocabSize: number;
  /** Whether the output layer is the embedding. */
  readonly tied: boolean;
}

export function readDecoderFacts(file: GgufContents, architecture: string): DecoderFacts {
  const keys = new ArchitectureKeys(file.metadata, architecture);
  const hiddenSize = keys.count('embedding_length');
  const heads = keys.count('attention.head_count');
  const headDim = keys.count('attention.key_length', hiddenSize / heads);
  keys.only('attention.value_length', headDim);
  keys.ignore('vocab_size', 'tensor_data_layout');
  return {
    keys, hiddenSize, heads, headDim,
    layers: keys.count('block_count'),
    kvHeads: keys.most('attention.head_count_kv', heads),
    intermediateSize: keys.count('feed_forward_length'),
    contextLength: keys.count('context_length'),
    theta: keys.number('rope.freq_base', 10000),
    vocabSize: file.has('token_embd.weight') ? file.shape('token_embd.weight')[0]! : 0,
    tied: !file.has('output.weight'),
  };
}

/** The fields of `config.json` that decoders share. */
export function commonConfig(facts: DecoderFacts): Record<string, unknown> {
  return {
    vocab_size: facts.vocabSize, hidden_size: facts.hiddenSize, intermediate_size: facts.intermediateSize, num_hidden_layers: facts.layers,
    num_attention_heads: facts.heads, num_key_value_heads: facts.kvHeads, head_dim: facts.headDim, hidden_act: 'silu',
    max_position_embeddings: facts.contextLength, rope_theta: facts.theta, tie_word_embeddings: facts.tied,
  };
}

/** A plan of a config and the tensors of each block. @param norm  name of the last norm in the folder and in the file */
export function decoderPlan(
  { hiddenSize, layers, vocabSize, contextLength, tied, keys }: DecoderFacts, config: Readonly<Record<string, unknown>>,
  { block, embedding = 'model.embed_tokens', output = 'lm_head', norm = ['model.norm', 'output_norm'], normLayout = 'same', normBias = false }: {
    block: (layer: number) => PlannedTensor[]; embedding?: string; output?: string; norm?: readonly [string, string]; normLayout?: PlannedTensor['layout']; normBias?: boolean;
  },
): Plan {
  keys.refuseRest();
  const tensors = [
    tensor(embedding, 'token_embd', [vocabSize, hiddenSize]),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    tensor(...norm, [hiddenSize], normLayout),
    ...(normBias ? [tensor(...norm, [hiddenSize], 'same', 'bias')] : []),
    ...(tied ? [] : [tensor(output, 'output', [vocabSize, hiddenSize])]),
  ];
  return { modelType: String(config['model_type']), config, vocabSize, contextLength, tensors };
}

export function tensor(to: string, from: string, shape: readonly number[], layout: PlannedTensor['layout'] = 'same', part = 'weight'): PlannedTensor {
  return { name: `${to}.${part}`, source: `${from}.${part}`, shape, layout };
}

/** A matrix, and a bias where there is one. */
export function affine(
  to: string, from: string, shape: readonly [number, number], hasBias: boolean, layout: PlannedTensor['layout'] = 'same',
): PlannedTensor[] {
  return [tensor(to, from, shape, layout), ...(hasBias ? [tensor(to, from, [shape[0]], layout, 'bias')] : [])];
}

/** Queries, keys and values in a matrix each, and what comes out. @param biases  on the first three, and on the last */
export function attentionTensors(
  to: string, from: string, { hiddenSize, heads, kvHeads, headDim }: DecoderFacts,
  { qkvBias = false, outputBias = false, permuted = false, output = 'o_proj' }: { qkvBias?: boolean; outputBias?: boolean; permuted?: boolean; output?: string } = {},
): PlannedTensor[] {
  const rotary = permuted ? { rotary: { headDim } } : 'same';
  return [
    ...affine(`${to}.q_proj`, `${from}.attn_q`, [heads * headDim, hiddenSize], qkvBias, rotary),
    ...affine(`${to}.k_proj`, `${from}.attn_k`, [kvHeads * headDim, hiddenSize], qkvBias, rotary),
    ...affine(`${to}.v_proj`, `${from}.attn_v`, [kvHeads * headDim, hiddenSize], qkvBias),
    ...affine(`${to}.${output}`, `${from}.attn_output`, [hiddenSize, heads * headDim], outputBias),
  ];
}

/** Gate, up and down. @param names  in the folder */
export function gatedTensors(
  to: string, from: string, { hiddenSize, intermediateSize }: DecoderFacts, hasBias = false, names: readonly [string, string, string] = ['gate_proj', 'up_proj', 'down_proj'],
): PlannedTensor[] {
  return [
    ...affine(`${to}.${names[0]}`, `${from}.ffn_gate`, [intermediateSize, hiddenSize], hasBias),
    ...affine(`${to}.${names[1]}`, `${from}.ffn_up`, [intermediateSize, hiddenSize], hasBias),
    ...affine(`${to}.${names[2]}`, `${from}.ffn_down`, [hiddenSize, intermediateSize], hasBias),
  ];
}

/** Gate and up as one matrix, and down. */
export function fusedTensors(to: string, from: string, { hiddenSize, intermediateSize }: DecoderFacts): PlannedTensor[] {
  return [
    tensor(`${to}.gate_up_proj`, `${from}.ffn_up`, [2 * intermediateSize, hiddenSize]),
    tensor(`${to}.down_proj`, `${from}.ffn_down`, [hiddenSize, intermediateSize]),
  ];
}
