import type { KeyValues, TypedValue } from './key-values.ts';

/** Where tensors begin: the default of llama.cpp. */
const ALIGNMENT = 32;
const VERSION = 3;

/** A line of the tensor index. */
export interface IndexEntry { readonly name: string; /** Outermost dimension first. */ readonly shape: readonly number[]; readonly type: number; /** From where the tensors begin. */ readonly offset: number }

/** The beginning of a GGUF file, up to its first tensor. */
export function headerBytes(keys: KeyValues, tensors: readonly IndexEntry[]): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(VERSION), u64(tensors.length), u64(Object.keys(keys).length)];
  for (const [key, value] of Object.entries(keys)) parts.push(text(key), valueBytes(value));
  for (const { name, shape, type, offset } of tensors) parts.push(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type), u64(offset));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc(padding(length))]);
}

/** Bytes to the next tensor. */
export const padding = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT - length;

const LIST = 9;

function valueBytes(typed: TypedValue): Buffer {
  switch (typed.type) {
    case 'u32': return Buffer.concat([u32(4), u32(typed.value)]);
    case 'i32': return Buffer.concat([u32(5), i32(typed.value)]);
    case 'f32': return Buffer.concat([u32(6), numbers(Float32Array.of(typed.value))]);
    case 'bool': return Buffer.concat([u32(7), Buffer.of(Number(typed.value))]);
    case 'text': return Buffer.concat([u32(8), text(typed.value)]);
    case 'texts': return list(8, typed.value, Buffer.concat(typed.value.map(text)));
    case 'u8s': return list(0, typed.value, Buffer.from(typed.value));
    case 'i32s': return list(5, typed.value, numbers(Int32Array.from(typed.value)));
    case 'f32s': return list(6, typed.value, numbers(Float32Array.from(typed.value)));
    case 'bools': return list(7, typed.value, Buffer.from(typed.value.map(Number)));
  }
}

const list = (type: number, { length }: readonly unknown[], items: Buffer): Buffer => Buffer.concat([u32(LIST), u32(type), u64(length), items]);

const numbers = (values: Int32Array | Float32Array): Buffer => Buffer.from(values.buffer);

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
