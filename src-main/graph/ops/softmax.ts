import { apply, type Operator, type Value } from '../value.ts';
import { exp, mul, sub } from './elementwise.ts';
import { sum } from './reduce.ts';

const softmaxOperator: Operator = {
  name: 'softmax',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: (node, writer) => writer.node('Softmax', node.inputs, node.outputs, { axis: -1 }),
  gradient: ({ outputs: [p] }, [up]) => [mul(p!, sub(up!, sum(mul(up!, p!), [-1], true)))],
};

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
  return apply(softmaxOperator, [x], {});
}

const logSoftmaxOperator: Operator = {
  name: 'logSoftmax',
  infer: softmaxOperator.infer,
  emit: (node, writer) => writer.node('LogSoftmax', node.inputs, node.outputs, { axis: -1 }),
  gradient: ({ outputs: [logp] }, [up]) => [sub(up!, mul(exp(logp!), sum(up!, [-1], true)))],
};

/** log(softmax(x)) over the last axis, in one steady pass. */
export function logSoftmax(x: Value): Value {
  return apply(logSoftmaxOperator, [x], {});
}
