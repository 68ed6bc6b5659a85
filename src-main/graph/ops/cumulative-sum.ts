import { normalizeAxis } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

const operator: Operator<{ axis: number }> = {
  name: 'cumulativeSum',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs: [x], outputs, attributes: { axis } }, writer) => {
    writer.node('CumSum', [x!, writer.constant('int64', [], BigInt64Array.of(BigInt(axis)))], outputs);
  },
};

/** Running sums along an axis. Not differentiable. */
export function cumulativeSum(x: Value, axis: number): Value {
  return apply(operator, [x], { axis: normalizeAxis(axis, x.rank) });
}
