import { normalizeAxis } from '../shape.ts';
import type { Operator, Value } from '../value.ts';

const operator: Operator<{ count: number }> = {
  name: 'topK',
  infer: ([x], { count }) => {
    const shape = [...x!.shape.slice(0, -1), count];
    return [{ dtype: x!.dtype, shape }, { dtype: 'int64', shape }];
  },
  emit: ({ inputs: [x], outputs, attributes: { count } }, writer) => {
    const axis = normalizeAxis(-1, x!.rank);
    writer.node('TopK', [x!, writer.constant('int64', [1], BigInt64Array.of(BigInt(count)))], outputs, { axis });
  },
};

/** The largest `count` elements of the last axis, falling, and their indices (int64). Not differentiable. */
export function topK(x: Value, count: number): { values: Value; indices: Value } {
  const [values, indices] = x.graph.apply(operator, [x], { count }) as [Value, Value];
  return { values, indices };
}
