import { mul, sub } from '../../../graph/ops/elementwise.ts';
import { and, flip, or, shiftLeft, shiftRight } from '../../../graph/ops/bits.ts';
import { staticDim } from '../../../graph/shape.ts';
import type { Value } from '../../../graph/value.ts';
import { asRows, beside, inBlocks, numbersOf, part, real, tail, type Encoding, type Integers } from './encoding.ts';

/**
 * The "K" types: blocks of 256 elements in sub-blocks of 16 or 32, whose scales (and minima) are small integers times
 * one float16 of the block. `model/gguf/dequantize/super-blocks` says in words which bits lie where.
 */
const SIZE = 256;

/** @param read  the sub-blocks of a block's bytes [..., blocks, bytes] and the float16 whose first byte has a place, with axes [..., blocks, sub-blocks] */
function superBlocks(bytes: number, halves: readonly number[], read: (block: Value, half: (at: number) => Value) => Integers): Encoding {
  const integers = ([rows, views]: readonly Value[]): Integers => {
    const floats = inBlocks(views!, bytes / 2);
    return read(inBlocks(rows!, bytes), (at) => real(part(floats, at / 2, at / 2 + 1)));
  };
  return { elements: SIZE, bytes, halves, views: ['uint8', 'float16'], integers, unpack: (views) => asRows(numbersOf(integers(views)), 2, SIZE) };
}

export const Q2_K = superBlocks(84, [80, 82], (block, half) => {
  const both = part(block, 0, 16);
  const scales = mul(half(80), real(and(both, 15)));
  const minima = mul(half(82), real(shiftRight(both, 4)));
  return { values: tail(twoBits(part(block, 16, 80)), 2, 16, 16), bits: 4, scale: each(scales), taken: each(minima) };
});

export const Q3_K = superBlocks(110, [108], (block, half) => {
  const low = twoBits(part(block, 32, 96));
  const third = tail(and(shiftRight(tail(part(block, 0, 32), 1, 1, 32), [0, 1, 2, 3, 4, 5, 6, 7]), 1), 2, 8, 32);
  const values = or(tail(low, 2, 16, 16), tail(shiftLeft(third, 2), 2, 16, 16));
  const lows = part(block, 96, 104);
  const highs = and(shiftRight(tail(part(block, 104, 108), 1, 1, 4), [0, 2, 4, 6]), 3);
  const scales = or(beside([and(lows, 15), shiftRight(lows, 4)]), shiftLeft(tail(highs, 2, 16), 4));
  return { values, bits: 4, scale: each(mul(half(108), sub(real(scales), 32))), middle: 4 };
});

export const Q4_K = superBlocks(144, [0, 2], (block, half) => {
  const { scales, minima } = sixBits(block, half);
  return { values: tail(fourBits(part(block, 16, 144)), 3, 8, 32), bits: 4, scale: each(scales), taken: each(minima) };
});

export const Q5_K = superBlocks(176, [0, 2], (block, half) => {
  const { scales, minima } = sixBits(block, half);
  const fifth = and(shiftRight(tail(part(block, 16, 48), 1, 1, 32), [0, 1, 2, 3, 4, 5, 6, 7]), 1);
  const values = or(tail(fourBits(part(block, 48, 176)), 3, 8, 32), shiftLeft(fifth, 4));
  return { values, bits: 8, scale: each(scales), taken: each(minima) };
});

export const Q6_K = superBlocks(210, [208], (block, half) => {
  const packed = tail(part(block, 0, 128), 1, 2, 1, 64);
  const low = beside([and(packed, 15), shiftRight(packed, 4)], -2);
  const values = or(tail(low, 3, 16, 16), tail(shiftLeft(twoBits(part(block, 128, 192)), 4), 2, 16, 16));
  return { values, bits: 8, scale: each(mul(half(208), signed(part(block, 192, 208)))), middle: 32 };
});

/** A number for each sub-block, beside its elements. */
const each = (numbers: Value): Value => tail(numbers, 1, staticDim(numbers.shape, -1), 1);

/** Bytes as the signed numbers they stand for. */
const signed = (bytes: Value): Value => sub(real(flip(bytes, 128)), 128);

/** Two bits of each element: 64 bytes as [..., 8, 32]. */
const twoBits = (bytes: Value): Value => tail(and(shiftRight(tail(bytes, 1, 2, 1, 32), [0, 2, 4, 6]), 3), 3, 8, 32);

/** Four bits of each element: 128 bytes as [..., 4, 2, 32], where each 32 bytes hold a pair of sub-blocks. */
function fourBits(bytes: Value): Value {
  const pairs = tail(bytes, 1, 4, 1, 32);
  return beside([and(pairs, 15), shiftRight(pairs, 4)], -2);
}

/** The eight scales and minima in 12 bytes: the first four each in six bits of a byte, the last four in what these leave. */
function sixBits(block: Value, half: (at: number) => Value): { scales: Value; minima: Value } {
  const [first, second, third] = [part(block, 4, 8), part(block, 8, 12), part(block, 12, 16)];
  const upper = (bytes: Value): Value => and(shiftRight(bytes, 2), 48);
  return {
    scales: mul(half(0), real(beside([and(first, 63), or(and(third, 15), upper(first))]))),
    minima: mul(half(2), real(beside([and(second, 63), or(shiftRight(third, 4), upper(second))]))),
  };
}
