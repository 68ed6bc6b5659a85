import type { Value } from '../../graph/value.ts';

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
  /** Whether a matrix is made ready anew for each product; left out where none is. */
  unpacks?(matrix: string): boolean;
}

/** Widths of a matrix by what they mean. */
export function sides({ shape, layout }: Matrix): { inputs: number; outputs: number } {
  const [rows, columns] = shape;
  return layout === 'in-out' ? { inputs: rows, outputs: columns } : { inputs: columns, outputs: rows };
}
