import type { DType } from '../../../graph/dtype.ts';
import { add, mul, sub } from '../../../graph/ops/elementwise.ts';
import { staticDim } from '../../../graph/shape.ts';
import { cast, concat, reshape, slice } from '../../../graph/ops/layout.ts';
import type { Value } from '../../../graph/value.ts';

/** How rows of numbers are stored: in blocks of a fixed number of elements and bytes, whole blocks to a row. */
export interface Encoding {
  readonly elements: number;
  readonly bytes: number;
  /** Where the float16 numbers of a block begin; all else in it is finite. */
  readonly halves: readonly number[];
  /** The types as which a graph reads the bytes, one parameter each. */
  readonly views: readonly DType[];
  /** Rows [..., width] as float32 of what is read of them by each view, [..., bytes of a row / bytes of the type]. */
  unpack(views: readonly Value[]): Value;
  /** The integers behind these, of the same views; left out where numbers are none, or stand in a table. */
  integers?(views: readonly Value[]): Integers;
}

/** Blocks of integers that share a scale. A number is (integer - middle) * scale, or integer * scale with something added or taken away after. */
export interface Integers {
  /** Bytes, of which the lower 4 bits or all mean something, [...axes of blocks, size]. */
  readonly values: Value;
  readonly bits: 4 | 8;
  /** Of each block, [...axes of blocks, 1], in float32, like what follows. */
  readonly scale: Value;
  readonly middle?: number;
  readonly added?: Value;
  readonly taken?: Value;
}

/** The numbers of blocks. */
export function numbersOf({ values, scale, middle, added, taken }: Integers): Value {
  if (middle !== undefined) return mul(sub(real(values), middle), scale);
  const scaled = mul(real(values), scale);
  if (added) return add(scaled, added);
  return taken ? sub(scaled, taken) : scaled;
}

/** The same elements with the last `count` axes cut or joined to others. */
export function tail(x: Value, count: number, ...sizes: number[]): Value {
  return reshape(x, [...x.shape.slice(0, x.rank - count), ...sizes]);
}

/** A row of so many bytes (or of what is read of them) as blocks [..., blocks, size]. */
export function inBlocks(rows: Value, size: number): Value {
  return tail(rows, 1, staticDim(rows.shape, -1) / size, size);
}

/** Blocks of `elements`, in whatever axes, as rows. @param axes  of a block */
export function asRows(blocks: Value, axes: number, elements: number): Value {
  return tail(blocks, axes + 1, staticDim(blocks.shape, blocks.rank - axes - 1) * elements);
}

export const part = (x: Value, from: number, to: number): Value => slice(x, -1, from, to);

export const beside = (values: readonly Value[], axis = -1): Value => concat(values, axis);

export const real = (x: Value): Value => cast(x, 'float32');
