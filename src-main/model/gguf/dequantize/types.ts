import { decodeFloats, bytesPerElement, type FloatFormat } from '../../float-formats.ts';
import type { BlockFormat } from './blocks.ts';
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from './simple-blocks.ts';
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from './super-blocks.ts';
import { IQ4_NL, IQ4_XS, MXFP4 } from './table-blocks.ts';

/** GGML's tensor types by number; the gaps are types that were withdrawn. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1', 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K',
  14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS',
  24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4',
};

/** The types that can be read. */
export const BLOCK_FORMATS: Readonly<Record<string, BlockFormat>> = {
  F32: plain('F32'), F16: plain('F16'), BF16: plain('BF16'),
  Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4,
};

export function typeName(type: number): string {
  return NAMES[type] ?? `type ${type}`;
}

export function typeNumber(name: string): number {
  return Number(Object.keys(NAMES).find((number) => NAMES[Number(number)] === name));
}

function plain(format: FloatFormat): BlockFormat {
  return { elements: 1, bytes: bytesPerElement(format), decode: (blocks, out) => decodeFloats(format, blocks, out) };
}
