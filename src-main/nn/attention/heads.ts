import { reshape, transpose } from '../../graph/ops/layout.ts';
import { dimAt } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';

/** [batch, sequence, heads * width] as [batch, heads, sequence, width]. */
export function splitHeads(x: Value, heads: number, width: number): Value {
  const [batch, sequence] = [dimAt(x.shape, 0), dimAt(x.shape, 1)];
  return transpose(reshape(x, [batch, sequence, heads, width]), [0, 2, 1, 3]);
}

/** [batch, heads, sequence, width] as [batch, sequence, heads * width]. */
export function joinHeads(x: Value, heads: number, width: number): Value {
  const apart = transpose(x, [0, 2, 1, 3]);
  return reshape(apart, [dimAt(apart.shape, 0), dimAt(apart.shape, 1), heads * width]);
}
