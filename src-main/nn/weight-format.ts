import { cast } from '../graph/ops/layout.ts';
import { gatherRows } from '../graph/ops/gather.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { int4Product, int8Product } from '../graph/ops/quantized.ts';
import type { Value } from '../graph/value.ts';

/** A weight matrix of a model: `[out, in]` as most families store it, or `[in, out]` as GPT-2 does. */
export interface Matrix {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly layout: 'out-in' | 'in-out';
}

/** A table of vectors looked up by id, [count, width]. */
export interface Table { readonly name: string; readonly shape: readonly [number, number] }

/**
 * How a model's matrices and tables enter its graph. Training uses the weights themselves; a frozen or exported
 * model may keep them in half or integer precision. Vectors (norms, biases) are always float32.
 */
export interface WeightFormat {
  /** Rows x [..., in] times a matrix: [..., out]. */
  multiply(x: Value, matrix: Matrix): Value;
  /** Vectors [...ids, width]. */
  lookUp(ids: Value, table: Table): Value;
}

export const EXACT: WeightFormat = {
  multiply: (x, { name, shape, layout }) => matmul(x, x.graph.parameter(name, shape), { transB: layout === 'out-in' }),
  lookUp: (ids, { name, shape }) => gatherRows(ids.graph.parameter(name, shape), ids),
};

/** The name under which a weight's float16 form is a parameter. */
export const halfName = (name: string): string => `${name}.half`;

/** Stored in float16, computed in float32. */
export const HALF: WeightFormat = {
  multiply: (x, { name, shape, layout }) =>
    matmul(x, cast(x.graph.parameter(halfName(name), shape, 'float16'), 'float32'), { transB: layout === 'out-in' }),
  lookUp: (ids, { name, shape }) => cast(gatherRows(ids.graph.parameter(halfName(name), shape, 'float16'), ids), 'float32'),
};

/** Names under which a matrix's integers and their scales are parameters. */
export const integersName = (matrix: string): string => `${matrix}.integers`;
export const scalesName = (matrix: string): string => `${matrix}.scales`;

/** Matrices as 8-bit integers with a scale for each output; tables in float16. */
export const INT8: WeightFormat = {
  multiply: (x, matrix) => {
    const { inputs, outputs } = sides(matrix);
    const integers = x.graph.parameter(integersName(matrix.name), [inputs, outputs], 'uint8');
    return int8Product(x, integers, x.graph.parameter(scalesName(matrix.name), [outputs]));
  },
  lookUp: HALF.lookUp,
};

/** Inputs that share a scale in 4-bit matrices. */
export const INT4_BLOCK = 32;

/** Matrices as 4-bit integers with a scale for every block of an output's inputs; tables in float16. */
export const INT4: WeightFormat = {
  multiply: (x, matrix) => {
    const { inputs, outputs } = sides(matrix);
    const blocks = Math.ceil(inputs / INT4_BLOCK);
    const integers = x.graph.parameter(integersName(matrix.name), [outputs, blocks, INT4_BLOCK / 2], 'uint8');
    const scales = x.graph.parameter(scalesName(matrix.name), [outputs * blocks]);
    return int4Product(x, integers, scales, { inputs, outputs, block: INT4_BLOCK });
  },
  lookUp: HALF.lookUp,
};

/** Widths of a matrix by what they mean. */
export function sides({ shape, layout }: Matrix): { inputs: number; outputs: number } {
  const [rows, columns] = shape;
  return layout === 'in-out' ? { inputs: rows, outputs: columns } : { inputs: columns, outputs: rows };
}
