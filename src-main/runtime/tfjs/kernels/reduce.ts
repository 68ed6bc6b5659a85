import type { ReductionName } from '../library.ts';
import { fromFront, input, isSet, number, unknownForm, type Kernel, type Kernels } from './kernel.ts';

const reduction = (name: ReductionName): Kernel => (call) => {
  const x = input(call, 0);
  const named = call.numbers(1).map((axis) => fromFront(axis, x.rank));
  const axes = named.length > 0 ? named : x.shape.map((_, axis) => axis);
  return call.tf[name](x, axes, number(call, 'keepdims', 1) !== 0);
};

export const reduce: Kernels = {
  ReduceSum: reduction('sum'),
  ReduceMean: reduction('mean'),
  ReduceMax: reduction('max'),
  ArgMax: (call) => {
    const x = input(call, 0);
    const axis = fromFront(number(call, 'axis', 0), x.rank);
    const found = call.tf.argMax(x, axis);
    return number(call, 'keepdims', 1) === 0 ? found : call.tf.reshape(found, x.shape.map((dim, at) => (at === axis ? 1 : dim)));
  },
  TopK: (call) => {
    const x = input(call, 0);
    if (fromFront(number(call, 'axis', -1), x.rank) !== x.rank - 1 || number(call, 'largest', 1) === 0) throw unknownForm(call, 'but for the largest of the last axis');
    const { values, indices } = call.tf.topk(x, call.numbers(1)[0]!);
    return [values, indices];
  },
  CumSum: (call) => {
    if (isSet(call, 'exclusive') || isSet(call, 'reverse')) throw unknownForm(call, 'backwards or without the own element');
    const x = input(call, 0);
    return call.tf.cumsum(x, fromFront(call.numbers(1)[0]!, x.rank));
  },
};
