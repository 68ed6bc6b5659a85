import { matmul } from '../graph/ops/matmul.ts';
import type { Value } from '../graph/value.ts';

/** A weight matrix of a model: `[out, in]` as most families store it, or `[in, out]` as GPT-2 does. */
export interface Matrix {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly layout: 'out-in' | 'in-out';
}

/**
 * How a matrix is applied to rows x [..., in], giving [..., out]. Training multiplies by the weight itself; a frozen
 * or exported model may keep it in half or integer precision.
 */
export type Projection = (x: Value, matrix: Matrix) => Value;

export const exactProjection: Projection = (x, { name, shape, layout }) =>
  matmul(x, x.graph.parameter(name, shape), { transB: layout === 'out-in' });
