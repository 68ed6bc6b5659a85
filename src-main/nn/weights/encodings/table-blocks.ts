import { mul, sub } from '../../../graph/ops/elementwise.ts';
import { and, or, shiftLeft, shiftRight } from '../../../graph/ops/bits.ts';
import { gatherRows } from '../../../graph/ops/gather.ts';
import { cast } from '../../../graph/ops/layout.ts';
import type { Value } from '../../../graph/value.ts';
import { asRows, beside, inBlocks, part, real, tail, type Encoding } from './encoding.ts';
import { nibbles } from './simple-blocks.ts';

/** The types of 4 bits whose numbers stand in a table. */
const SIZE = 32;
const LARGE = 256;

/** What the 4 bits of the IQ4 types mean. */
const NON_LINEAR = Float32Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
/** Floats of 4 bits, doubled. */
const FLOAT4 = Float32Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
/** The scale that a byte stands for, halved: 2^(e - 128). */
const EXPONENTS = Float32Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 128));

const lookUp = (bytes: Value, table: Float32Array): Value => gatherRows(bytes.graph.constant('float32', [table.length], table), cast(bytes, 'int32'));

export const IQ4_NL: Encoding = {
  elements: SIZE, bytes: 18, halves: [0], views: ['uint8', 'float16'],
  unpack: ([rows, halves]) => {
    const numbers = lookUp(nibbles(part(inBlocks(rows!, 18), 2, 18)), NON_LINEAR);
    return asRows(mul(numbers, real(part(inBlocks(halves!, 9), 0, 1))), 1, SIZE);
  },
};

export const IQ4_XS: Encoding = {
  elements: LARGE, bytes: 136, halves: [0], views: ['uint8', 'float16'],
  unpack: ([rows, halves]) => {
    const block = inBlocks(rows!, 136);
    const lows = tail(part(block, 4, 8), 1, 4, 1);
    const highs = tail(part(block, 2, 4), 1, 2, 1);
    const upper = beside([0, 2, 4, 6].map((bits) => and(shiftRight(highs, bits), 3)));
    const integers = or(tail(beside([and(lows, 15), shiftRight(lows, 4)]), 2, 8), shiftLeft(tail(upper, 2, 8), 4));
    const scales = mul(real(part(inBlocks(halves!, 68), 0, 1)), sub(real(integers), 32));
    const numbers = lookUp(nibbles(tail(part(block, 8, 136), 1, 8, 16)), NON_LINEAR);
    return asRows(mul(numbers, tail(scales, 1, 8, 1)), 2, LARGE);
  },
};

export const MXFP4: Encoding = {
  elements: SIZE, bytes: 17, halves: [], views: ['uint8'],
  unpack: ([rows]) => {
    const block = inBlocks(rows!, 17);
    return asRows(mul(lookUp(nibbles(part(block, 1, 17)), FLOAT4), lookUp(part(block, 0, 1), EXPONENTS)), 1, SIZE);
  },
};
