/** Values as the writer types them: whole numbers as uint32, others as float32; lists by their first item. */
export type Value = string | number | boolean | readonly Value[];

export interface Tensor {
  /** Outermost dimension first. */
  shape: readonly number[];
  /** Number of the type; without one the tensor is float32. */
  type?: number;
  values?: Float32Array;
  /** Of a type with blocks. */
  bytes?: Uint8Array;
}

/** The bytes of a GGUF file. Tensors without values are zero. */
export function gguf(metadata: Readonly<Record<string, Value>>, tensors: Readonly<Record<string, Tensor>>): Buffer {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, type = 0, values, bytes: blocks }] of Object.entries(tensors)) {
    const bytes = Buffer.alloc(Math.ceil((blocks?.length ?? shape.reduce((product, size) => product * size, 4)) / 32) * 32);
    if (blocks) bytes.set(blocks);
    if (values) bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    index.push(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type), u64(offset));
    data.push(bytes);
    offset += bytes.length;
  }
  const keys = Object.entries(metadata).flatMap(([key, value]) => [text(key), ...typed(value)]);
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(Object.keys(tensors).length), u64(Object.keys(metadata).length), ...keys, ...index]);
  return Buffer.concat([header, Buffer.alloc(-header.length & 31), ...data]);
}

/** A Llama of one layer and no width to speak of, its tokenizer included. */
export const TINY_LLAMA: { metadata: Readonly<Record<string, Value>>; tensors: Readonly<Record<string, Tensor>> } = {
  metadata: {
    'general.architecture': 'llama', 'llama.block_count': 1, 'llama.context_length': 16, 'llama.embedding_length': 4,
    'llama.feed_forward_length': 6, 'llama.attention.head_count': 2, 'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2', 'tokenizer.ggml.tokens': ['a', 'b', 'ab'],
    'tokenizer.ggml.token_type': [1, 1, 1], 'tokenizer.ggml.merges': ['a b'],
  },
  tensors: {
    'token_embd.weight': { shape: [3, 4] }, 'output_norm.weight': { shape: [4] },
    'blk.0.attn_norm.weight': { shape: [4] }, 'blk.0.ffn_norm.weight': { shape: [4] },
    'blk.0.attn_q.weight': { shape: [4, 4] }, 'blk.0.attn_k.weight': { shape: [4, 4] }, 'blk.0.attn_v.weight': { shape: [4, 4] },
    'blk.0.attn_output.weight': { shape: [4, 4] }, 'blk.0.ffn_gate.weight': { shape: [6, 4] },
    'blk.0.ffn_up.weight': { shape: [6, 4] }, 'blk.0.ffn_down.weight': { shape: [4, 6] },
  },
};

function typed(value: Value): Buffer[] {
  if (typeof value === 'object') {
    const items = value.map((item) => typed(item));
    return [u32(9), items[0]?.[0] ?? u32(8), u64(value.length), ...items.flatMap(([, ...bytes]) => bytes)];
  }
  switch (typeof value) {
    case 'string': return [u32(8), text(value)];
    case 'boolean': return [u32(7), Buffer.from([Number(value)])];
    default: return Number.isInteger(value) && value >= 0 ? [u32(4), u32(value)] : [u32(6), f32(value)];
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
