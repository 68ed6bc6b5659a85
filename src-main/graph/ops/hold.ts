import { apply, type Operator, type Value } from '../value.ts';

const holdOperator: Operator = {
  name: 'hold',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }, writer) => writer.node('Identity', inputs, outputs),
};

/** The same value by a node of its own, across which a runtime simplifies nothing. Nothing flows back. */
export function hold(x: Value): Value {
  return apply(holdOperator, [x], {});
}
