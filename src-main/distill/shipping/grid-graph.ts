import { writeOnnx, type OnnxGraph, type WriteOptions } from '../../graph/onnx/write.ts';
import { abs, add, div, equal, floor, greaterOrEqual, less, min, mul, neg, sub, where } from '../../graph/ops/elementwise.ts';
import { gatherElements } from '../../graph/ops/gather.ts';
import { cast, padLast, reshape, slice, transpose } from '../../graph/ops/layout.ts';
import { argMax } from '../../graph/ops/reduce.ts';
import { Graph, type Value } from '../../graph/value.ts';
import { shippedName, type KernelGrid } from '../../nn/weights/shipped.ts';
import { sides, type Matrix } from '../../nn/weights/weight-format.ts';

/** A matrix of exact weights, and the grid on which its file has it. */
export interface OnGrid { readonly name: string; readonly grid: KernelGrid; readonly matrix: Matrix }

/** Elements that share a scale, but for int8. */
const BLOCK = 32;

/** Exact weights in, by name; out, by `shippedName`, what they are on their grids: the kernel's rounding (`optimizers/kernel/assembly/round.ts`) in operators. */
export function gridGraph(all: readonly OnGrid[], dialect: NonNullable<WriteOptions['dialect']>): OnnxGraph {
  const graph = new Graph();
  return writeOnnx(Object.fromEntries(all.map(({ name, grid, matrix }) => [shippedName(name, grid), rounded(graph.parameter(name, matrix.shape), grid, matrix)])), { weights: 'inputs', dialect });
}

function rounded(exact: Value, grid: KernelGrid, matrix: Matrix): Value {
  if (grid === 'half') return half(exact);
  const { inputs, outputs } = sides(matrix);
  const isTurned = matrix.layout === 'in-out';
  // An output's inputs are neighbours, in whole blocks: the zeros of the last change no scale.
  const length = grid === 'int8' ? inputs : Math.ceil(inputs / BLOCK) * BLOCK;
  const rows = padLast(isTurned ? transpose(exact, [1, 0]) : exact, length);
  const found = onGrid(reshape(rows, grid === 'int8' ? [outputs, 1, inputs] : [outputs, length / BLOCK, BLOCK]), grid);
  const back = slice(reshape(found, [outputs, length]), -1, 0, inputs);
  return isTurned ? transpose(back, [1, 0]) : back;
}

/** @param x  [outputs, blocks, elements that share a scale] */
function onGrid(x: Value, grid: Exclude<KernelGrid, 'half'>): Value {
  const [outputs, blocks] = x.shape as [number, number];
  // Of largest size, the first of several.
  const extreme = gatherElements(x, reshape(cast(argMax(abs(x), -1), 'int32'), [outputs, blocks, 1]));
  const isNone = equal(extreme, 0);
  switch (grid) {
    case 'int8': return multiples(x, where(isNone, 1, div(abs(extreme), 127)), 127);
    case 'int4': return multiples(x, where(isNone, 1, div(extreme, -8)), 7);
    case 'Q8_0': {
      const scale = div(abs(extreme), 127);
      const times = mul(x, inverse(scale, isNone));
      const whole = floor(abs(times));
      const size = add(whole, cast(greaterOrEqual(sub(abs(times), whole), 0.5), 'float32'));
      return mul(where(less(times, 0), neg(size), size), half(scale));
    }
    case 'Q4_0': {
      const scale = div(extreme, -8);
      return mul(sub(min(floor(add(mul(x, inverse(scale, isNone)), 8.5)), 15), 8), half(scale));
    }
  }
}

const inverse = (scale: Value, isNone: Value): Value => where(isNone, 0, div(1, where(isNone, 1, scale)));

/** Multiples of `scale`, up to `most` of them, each the nearest, halves upwards. */
const multiples = (x: Value, scale: Value, most: number): Value => mul(min(floor(add(div(x, scale), 0.5)), most), scale);

/** The smallest float16 whose steps grow with it. */
const NORMAL = 2 ** -14;
/** What leaves 11 bits of the 24 of a float32 (Dekker 1971). */
const SPLIT = 2 ** 13 + 1;

/** The nearest float16. Of two as near it may be either. */
function half(x: Value): Value {
  const size = abs(x);
  const wide = mul(size, SPLIT);
  // Below, steps are those of a float32 just above 0.5.
  const found = where(less(size, NORMAL), sub(add(size, 0.5), 0.5), sub(wide, sub(wide, size)));
  return where(less(x, 0), neg(found), found);
}
