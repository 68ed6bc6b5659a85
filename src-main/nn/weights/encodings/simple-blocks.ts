import { add, mul } from '../../../graph/ops/elementwise.ts';
import { and, or, shiftLeft, shiftRight } from '../../../graph/ops/bits.ts';
import { cast, transpose } from '../../../graph/ops/layout.ts';
import type { Value } from '../../../graph/value.ts';
import { asRows, beside, inBlocks, numbersOf, part, real, tail, type Encoding, type Integers } from './encoding.ts';

/** Blocks of 32 elements with one scale, and in the `_1` types one minimum, as float16 at their beginning. */
const SIZE = 32;
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

interface Layout {
  bytes: number;
  /** Where 4 bytes with the fifth bit of every element stand; null where an element has four. */
  fifth: number | null;
  /** Where the first four bits stand. */
  packed: number;
  /** What is taken from an element before it is scaled; null where a minimum is added after. */
  middle: number | null;
}

function simple({ bytes, fifth, packed, middle }: Layout): Encoding {
  const integers = ([rows, halves]: readonly Value[]): Integers => {
    const blocks = inBlocks(rows!, bytes);
    const floats = inBlocks(halves!, bytes / 2);
    const low = nibbles(part(blocks, packed, bytes));
    return {
      values: fifth === null ? low : or(low, shiftLeft(bitsOf(part(blocks, fifth, fifth + 4)), 4)),
      bits: fifth === null ? 4 : 8,
      scale: real(part(floats, 0, 1)),
      ...(middle === null ? { added: real(part(floats, 1, 2)) } : { middle }),
    };
  };
  return {
    elements: SIZE, bytes, halves: middle === null ? [0, 2] : [0], views: ['uint8', 'float16'], integers,
    unpack: (views) => asRows(numbersOf(integers(views)), 1, SIZE),
  };
}

/** The low nibbles hold the first half of a block, the high ones the second. */
export const nibbles = (packed: Value): Value => beside([and(packed, 15), shiftRight(packed, 4)]);

/** The 32 bits of 4 bytes, lowest first, as bytes of 0 and 1. */
function bitsOf(bytes: Value): Value {
  const apart = and(shiftRight(tail(bytes, 1, 1, 4), BITS), 1);
  return tail(transpose(apart, [...apart.shape.keys()].map((axis, _, { length }) => (axis < length - 2 ? axis : 2 * length - 3 - axis))), 2, SIZE);
}

export const Q4_0 = simple({ bytes: 18, fifth: null, packed: 2, middle: 8 });
export const Q4_1 = simple({ bytes: 20, fifth: null, packed: 4, middle: null });
export const Q5_0 = simple({ bytes: 22, fifth: 2, packed: 6, middle: 16 });
export const Q5_1 = simple({ bytes: 24, fifth: 4, packed: 8, middle: null });

/** What zero is where a signed byte is written as one without a sign. */
const SIGNED_MIDDLE = 128;

/** A signed byte each. */
export const Q8_0: Encoding = {
  elements: SIZE, bytes: 34, halves: [0], views: ['int8', 'float16'],
  unpack: ([rows, halves]) => asRows(mul(real(part(inBlocks(rows!, 34), 2, 34)), real(part(inBlocks(halves!, 17), 0, 1))), 1, SIZE),
  integers: ([rows, halves]) => ({
    values: cast(add(cast(part(inBlocks(rows!, 34), 2, 34), 'float32'), SIGNED_MIDDLE), 'uint8'),
    bits: 8, scale: real(part(inBlocks(halves!, 17), 0, 1)), middle: SIGNED_MIDDLE,
  }),
};
