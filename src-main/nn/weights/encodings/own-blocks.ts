import { add, mul } from '../../../graph/ops/elementwise.ts';
import { cast } from '../../../graph/ops/layout.ts';
import { asRows, inBlocks, numbersOf, part, real, type Encoding, type Integers } from './encoding.ts';
import { nibbles } from './simple-blocks.ts';

/** Of a block of the types that are made here and lie in no file: 32 elements behind their scale, a float32. */
export const OWN_BLOCK = { elements: 32, scaleBytes: 4 } as const;
const { elements: SIZE, scaleBytes: START } = OWN_BLOCK;

/** What is added to a signed byte to have one without a sign. */
const MIDDLE = 128;

const BYTES = START + SIZE;

/** A signed byte each. All blocks of an output have one scale. */
export const INT8: Encoding = {
  elements: SIZE, bytes: BYTES, halves: [], views: ['int8', 'float32'],
  unpack: ([rows, floats]) => asRows(mul(real(part(inBlocks(rows!, BYTES), START, BYTES)), part(inBlocks(floats!, BYTES / 4), 0, 1)), 1, SIZE),
  integers: ([rows, floats]) => ({
    values: cast(add(real(part(inBlocks(rows!, BYTES), START, BYTES)), MIDDLE), 'uint8'),
    bits: 8, scale: part(inBlocks(floats!, BYTES / 4), 0, 1), middle: MIDDLE,
  }),
};

const NIBBLE_BYTES = START + SIZE / 2;

const nibbleIntegers = ([rows, floats]: Parameters<Encoding['unpack']>[0]): Integers => ({
  values: nibbles(part(inBlocks(rows!, NIBBLE_BYTES), START, NIBBLE_BYTES)), bits: 4, scale: part(inBlocks(floats!, NIBBLE_BYTES / 4), 0, 1), middle: 8,
});

/** Four bits each, of which 8 stands for zero. The low nibbles hold the first half of a block, the high ones the second. */
export const INT4: Encoding = {
  elements: SIZE, bytes: NIBBLE_BYTES, halves: [], views: ['uint8', 'float32'], integers: nibbleIntegers,
  unpack: (views) => asRows(numbersOf(nibbleIntegers(views)), 1, SIZE),
};
