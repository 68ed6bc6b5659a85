import { encodeFloats, type FloatFormat } from '../../float-formats.ts';
import { BLOCK_FORMATS, typeNumber } from '../dequantize/types.ts';
import type { Encode } from './encode.ts';
import { encodeQ4_0, encodeQ4_1, encodeQ5_0, encodeQ5_1, encodeQ8_0 } from './small-blocks.ts';
import { encodeQ4_K, encodeQ5_K, encodeQ6_K } from './super-blocks.ts';
import { encodeQ3_K } from './three-bits.ts';
import { encodeQ2_K } from './two-bits.ts';

const ENCODERS = {
  F32: plain('F32'), F16: plain('F16'), BF16: plain('BF16'),
  Q4_0: encodeQ4_0, Q4_1: encodeQ4_1, Q5_0: encodeQ5_0, Q5_1: encodeQ5_1, Q8_0: encodeQ8_0, Q2_K: encodeQ2_K, Q3_K: encodeQ3_K, Q4_K: encodeQ4_K, Q5_K: encodeQ5_K, Q6_K: encodeQ6_K,
} satisfies Record<string, Encode>;

/** The types that can be written. */
export type TensorType = keyof typeof ENCODERS;

export interface TensorFormat { readonly number: number; /** Elements and bytes of a block. */ readonly elements: number; readonly bytes: number; readonly encode: Encode }

export function tensorFormat(type: TensorType): TensorFormat {
  const { elements, bytes } = BLOCK_FORMATS[type]!;
  return { number: typeNumber(type), elements, bytes, encode: ENCODERS[type] };
}

/** Bytes of a tensor. */
export function bytesOf(type: TensorType, elements: number): number {
  const format = tensorFormat(type);
  return elements / format.elements * format.bytes;
}

function plain(format: FloatFormat): Encode {
  return (values, bytes) => { bytes.set(encodeFloats(format, values)); };
}
