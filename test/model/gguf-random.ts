import { ENCODINGS, type FileEncoding } from '../../src-main/nn/weights/encodings/encodings.ts';
import { encodeFloats } from '../../src-main/model/float-formats.ts';
import type { Tensor, Value } from './gguf-writer.ts';

/** Numbers of `ggml_type`. */
const TYPES: Readonly<Record<FileEncoding, number>> = {
  F32: 0, F16: 1, Q4_0: 2, Q4_1: 3, Q5_0: 6, Q5_1: 7, Q8_0: 8, Q2_K: 10, Q3_K: 11, Q4_K: 12, Q5_K: 13, Q6_K: 14, IQ4_NL: 20, IQ4_XS: 23, BF16: 30, MXFP4: 39,
};

const WIDTH = 256;
const TOKENS = Array.from({ length: 64 }, (_, at) => String.fromCharCode(33 + at));

export const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'gpt2'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

interface RandomModel { metadata: Readonly<Record<string, Value>>; tensors: Readonly<Record<string, Tensor>> }

/** A model of one layer with random matrices and tables of a type, and an output layer of its own where it is not tied. */
export function randomGguf(architecture: Architecture, encoding: FileEncoding, { tied = true } = {}): RandomModel {
  const random = generator(7);
  const matrix = (rows: number, width = WIDTH): Tensor => ({ shape: [rows, width], type: TYPES[encoding], bytes: randomRows(encoding, rows * width, random) });
  const vector = (length: number, around: number): Tensor => ({ shape: [length], values: Float32Array.from({ length }, () => around + 0.2 * random()) });
  const isGpt2 = architecture === 'gpt2';
  const [heads, kvHeads, headDim] = [4, isGpt2 ? 4 : 2, WIDTH / 4];
  const biases = (names: Record<string, number>): Record<string, Tensor> => Object.fromEntries(Object.entries(names).map(([name, length]) => [`blk.0.${name}.bias`, vector(length, 0)]));
  return {
    metadata: {
      'general.architecture': architecture,
      [`${architecture}.block_count`]: 1, [`${architecture}.context_length`]: 64, [`${architecture}.embedding_length`]: WIDTH,
      [`${architecture}.feed_forward_length`]: 2 * WIDTH, [`${architecture}.attention.head_count`]: heads,
      ...(isGpt2 ? { 'gpt2.attention.layer_norm_epsilon': 1e-5 } : {
        [`${architecture}.attention.head_count_kv`]: kvHeads, [`${architecture}.attention.layer_norm_rms_epsilon`]: 1e-5, [`${architecture}.rope.freq_base`]: 10000.5,
      }),
      'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2', 'tokenizer.ggml.tokens': TOKENS, 'tokenizer.ggml.token_type': TOKENS.map(() => 1),
      'tokenizer.ggml.merges': [], 'tokenizer.ggml.eos_token_id': 63,
    },
    tensors: {
      'token_embd.weight': matrix(TOKENS.length),
      'output_norm.weight': vector(WIDTH, 1), 'blk.0.attn_norm.weight': vector(WIDTH, 1), 'blk.0.ffn_norm.weight': vector(WIDTH, 1),
      'blk.0.attn_output.weight': matrix(WIDTH), 'blk.0.ffn_up.weight': matrix(2 * WIDTH), 'blk.0.ffn_down.weight': matrix(WIDTH, 2 * WIDTH),
      ...(tied ? {} : { 'output.weight': matrix(TOKENS.length) }),
      ...(isGpt2 ? {
        'position_embd.weight': matrix(64), 'blk.0.attn_qkv.weight': matrix(3 * WIDTH),
        'output_norm.bias': vector(WIDTH, 0), ...biases({ attn_norm: WIDTH, ffn_norm: WIDTH, attn_qkv: 3 * WIDTH, attn_output: WIDTH, ffn_up: 2 * WIDTH, ffn_down: WIDTH }),
      } : {
        'blk.0.attn_q.weight': matrix(WIDTH), 'blk.0.attn_k.weight': matrix(kvHeads * headDim), 'blk.0.attn_v.weight': matrix(kvHeads * headDim),
        'blk.0.ffn_gate.weight': matrix(2 * WIDTH),
        ...(architecture === 'qwen2' ? biases({ attn_q: WIDTH, attn_k: kvHeads * headDim, attn_v: kvHeads * headDim }) : {}),
        ...(architecture === 'qwen3' ? { 'blk.0.attn_q_norm.weight': vector(headDim, 1), 'blk.0.attn_k_norm.weight': vector(headDim, 1) } : {}),
      }),
    },
  };
}

/** Random bits, with scales by which the elements are of a size with weights. */
function randomRows(encoding: FileEncoding, elements: number, random: () => number): Uint8Array {
  const { elements: size, bytes, halves } = ENCODINGS[encoding];
  if (encoding === 'F32' || encoding === 'F16' || encoding === 'BF16') return encodeFloats(encoding, Float32Array.from({ length: elements }, () => 0.3 * random()));
  const out = new Uint8Array((elements / size) * bytes);
  for (let at = 0; at < out.length; at++) out[at] = Math.floor(128 + 128 * random());
  for (let block = 0; block < out.length; block += bytes) {
    for (const half of halves) out.set(encodeFloats('F16', Float32Array.of((size === 256 ? 3e-4 : 0.01) * random())), block + half);
    // The exponent of two that a block is scaled by.
    if (halves.length === 0) out[block] = 123 + (out[block]! & 3);
  }
  return out;
}

/** Numbers from -1 to 1, always the same. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  };
}
