import type { Value } from '../../graph/value.ts';
import type { StoredLayout } from './stored-layout.ts';

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
  /** How a session computes that keeps its weights as constants, where that is another way. */
  readonly constant?: ConstantFormat;
}

/** A format in which some matrices have to be made of what is stored of them first. */
export interface ConstantFormat extends WeightFormat {
  /** These (`nn/weights/packed`), by name. */
  readonly packs: ReadonlyMap<string, StoredLayout>;
}

/** Widths of a matrix by what they mean. */
export function sides({ shape, layout }: Matrix): { inputs: number; outputs: number } {
  const [rows, columns] = shape;
  return layout === 'in-out' ? { inputs: rows, outputs: columns } : { inputs: columns, outputs: rows };
}
