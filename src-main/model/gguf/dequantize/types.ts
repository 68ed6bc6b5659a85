import { decodeFloats, bytesPerElement, type FloatFormat } from '../../float-formats.ts';
import type { BlockFormat } from './blocks.ts';
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from './simple-blocks.ts';
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from './super-blocks.ts';

/** Names of GGML's tensor types by number; a gap is a type that was withdrawn. */
const NAMES: readonly (string | undefined)[] = [
  'F32', 'F16', 'Q4_0', 'Q4_1', , , 'Q5_0', 'Q5_1', 'Q8_0', 'Q8_1', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'Q8_K',
  'IQ2_XXS', 'IQ2_XS', 'IQ3_XXS', 'IQ1_S', 'IQ4_NL', 'IQ3_S', 'IQ2_S', 'IQ4_XS', 'I8', 'I16', 'I32', 'I64', 'F64', 'IQ1_M',
  'BF16', , , , 'TQ1_0', 'TQ2_0', , , , 'MXFP4', 'NVFP4',
];

/** The types that can be read. */
export const BLOCK_FORMATS: Readonly<Record<string, BlockFormat>> = {
  F32: plain('F32'), F16: plain('F16'), BF16: plain('BF16'),
  Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K,
};

export function typeName(type: number): string {
  return NAMES[type] ?? `type ${type}`;
}

function plain(format: FloatFormat): BlockFormat {
  return { elements: 1, bytes: bytesPerElement(format), decode: (blocks, out) => decodeFloats(format, blocks, out) };
}
