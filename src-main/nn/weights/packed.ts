import type { DType } from '../../graph/dtype.ts';
import { shiftLeft, shiftRight, and, or } from '../../graph/ops/bits.ts';
import { add, mul, sub } from '../../graph/ops/elementwise.ts';
import { reshape, slice, transpose } from '../../graph/ops/layout.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { int4Product } from '../../graph/ops/quantized.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { dimAt, staticDim } from '../../graph/shape.ts';
import { Graph, type Value } from '../../graph/value.ts';
import { ENCODINGS } from './encodings/encodings.ts';
import { inWholeBlocks, storedRows } from './stored.ts';
import type { StoredLayout } from './stored-layout.ts';
import type { WeightFormat } from './weight-format.ts';

/** What of a matrix a session keeps as constants, in the form of its own product of 4-bit integers. */
export interface PackedPart { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }

/**
 * A stored matrix whose rows are integers in blocks, as one or two matrices of 4 bits and, where a block's zero is not in
 * the middle of these, what that is worth to the sum of a block's inputs. ONNX Runtime multiplies by such constants without
 * unpacking them: exactly, and at few rows as fast as by floats.
 */
interface Packing {
  /** Inputs of a block, and blocks of a row. */
  size: number;
  blocks: number;
  planes: 1 | 2;
  isCentred: boolean;
}

/** Zero among 4 bits. */
const MIDDLE = 8;

/** Whether there is such a form of a matrix. */
export const canPack = ({ encoding, of }: StoredLayout): boolean => of === 'outputs' && 'integers' in ENCODINGS[encoding];

/** The constants of a matrix, in the order in which `packingGraph` makes them. */
export function packedParts(name: string, layout: StoredLayout): PackedPart[] {
  const { size, blocks, planes, isCentred } = packingOf(layout);
  const { rows } = layout;
  return [
    ...Array.from({ length: planes }, (_, plane): PackedPart[] => [
      { name: `${name}.nibbles.${plane}`, dtype: 'uint8', shape: [rows, blocks, size / 2] },
      { name: `${name}.nibbles.${plane}.scales`, dtype: 'float32', shape: [rows * blocks] },
    ]).flat(),
    ...(isCentred ? [] : [{ name: `${name}.zeros`, dtype: 'float32' as const, shape: [rows, blocks] }]),
  ];
}

/** Products by the constants of `packedParts`. Nothing flows back through them. */
export function packed(layout: StoredLayout): Pick<WeightFormat, 'multiply'> {
  const { size, blocks, planes, isCentred } = packingOf(layout);
  const { rows: outputs, width: inputs } = layout;
  return {
    multiply: (activations, { name }) => {
      const x = inWholeBlocks(activations, layout);
      const parts = packedParts(name, layout).map((part) => x.graph.parameter(part.name, part.shape, part.dtype));
      const products = Array.from({ length: planes }, (_, plane) => int4Product(x, parts[2 * plane]!, parts[2 * plane + 1]!, { inputs, outputs, block: size, isExact: true }));
      const product = products.reduce((a, b) => add(a, b));
      if (isCentred) return product;
      const sums = sum(reshape(x, [...x.shape.slice(0, -1), blocks, size]), [-1]);
      return add(product, matmul(sums, parts.at(-1)!, { transB: true }));
    },
  };
}

/** Makes the constants of some rows from what is stored of the matrix: parameters as `storedViews` names them for `name`, outputs 0, 1, ... */
export function packingGraph(name: string, layout: StoredLayout, from: number, to: number): Record<string, Value> {
  const { size, blocks, planes, isCentred } = packingOf(layout);
  const { values, scale, middle, added, taken } = ENCODINGS[layout.encoding].integers!(storedRows(new Graph(), name, layout, from, to));
  const count = to - from;
  const integers = reshape(values, [count, blocks, size]);
  const scales = reshape(scale, [count, blocks]);
  const nibbles = planes === 1 ? [{ of: integers, worth: 1 }] : [{ of: shiftRight(integers, 4), worth: 16 }, { of: and(integers, 15), worth: 1 }];
  const made = nibbles.flatMap(({ of, worth }) => [inPairs(of), reshape(worth === 1 ? scales : mul(scales, worth), [count * blocks])]);
  if (!isCentred) {
    // What the products take for zero, less what is.
    const zero = MIDDLE * nibbles.reduce((all, { worth }) => all + worth, 0) - (middle ?? 0);
    const shift = mul(scales, zero);
    const rest = (of: Value): Value => reshape(of, [count, blocks]);
    made.push(added ? add(shift, rest(added)) : taken ? sub(shift, rest(taken)) : shift);
  }
  return Object.fromEntries(made.map((value, at) => [`${at}`, value]));
}

function packingOf(layout: StoredLayout): Packing {
  const { values, bits, middle, added, taken } = ENCODINGS[layout.encoding].integers!(storedRows(new Graph(), 'any', layout, 0, 1));
  const size = staticDim(values.shape, -1);
  return { size, blocks: layout.width / size, planes: bits === 4 ? 1 : 2, isCentred: bits === 4 && middle === MIDDLE && !added && !taken };
}

/** Two integers a byte, the first in the lower half. */
function inPairs(integers: Value): Value {
  const [rows, blocks, size] = [0, 1, 2].map((axis) => Number(dimAt(integers.shape, axis))) as [number, number, number];
  const pairs = transpose(reshape(integers, [rows, blocks, size / 2, 2]), [3, 0, 1, 2]);
  const half = (at: number): Value => reshape(slice(pairs, 0, at, at + 1), [rows, blocks, size / 2]);
  return or(half(0), shiftLeft(half(1), 4));
}
