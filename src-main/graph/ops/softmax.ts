import { made } from '../onnx/node-writer.ts';
import { apply, type Operator, type Value } from '../value.ts';
import { exp, mul, neg, sub } from './elementwise.ts';
import { reduceTo, sum } from './reduce.ts';

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
  emit: ({ inputs, outputs }, writer) => {
    if (writer.dialect !== 'webgpu') {
      writer.node('LogSoftmax', inputs, outputs, { axis: -1 });
      return;
    }
    const last = writer.constant('int64', [1], BigInt64Array.of(-1n));
    const below = made(writer, 'Sub', [inputs[0]!, made(writer, 'ReduceMax', [inputs[0]!, last], { keepdims: 1 })]);
    const total = made(writer, 'ReduceSum', [made(writer, 'Exp', [below]), last], { keepdims: 1 });
    writer.node('Sub', [below, made(writer, 'Log', [total])], outputs);
  },
  gradient: ({ outputs: [logp] }, [up]) => [sub(up!, mul(exp(logp!), sum(up!, [-1], true)))],
};

/** log(softmax(x)) over the last axis, in one steady pass. */
export function logSoftmax(x: Value): Value {
  return apply(logSoftmaxOperator, [x], {});
}

const besideOperator: Operator = {
  name: 'softmaxBeside',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs: [x, other], outputs }, writer) => {
    const [apart, wider, whole] = [writer.temporary(), writer.temporary(), writer.temporary()];
    const one = (number: number): string => writer.constant('int64', [1], BigInt64Array.of(BigInt(number)));
    const pads = [...x!.shape, ...x!.shape].map((_, at, { length }) => (at === length - 1 ? 1n : 0n));
    // Where the other number is taken from all, it is the zero that stands after them.
    writer.node('Sub', [x!, other!], [apart]);
    writer.node('Pad', [apart, writer.constant('int64', [pads.length], BigInt64Array.from(pads))], [wider]);
    writer.node('Softmax', [wider], [whole], { axis: -1 });
    writer.node('Slice', [whole, one(0), one(-1), one(-1)], outputs);
  },
  // With p of the other, 1 - sum(p): d other = -p of the other * sum(up p).
  gradient: ({ inputs: [, other], outputs: [p] }, [up]) => {
    const weighted = sum(mul(up!, p!), [-1], true);
    return [mul(p!, sub(up!, weighted)), reduceTo(neg(mul(sub(1, sum(p!, [-1], true)), weighted)), other!.shape)];
  },
};

/** Softmax over the last axis and one more number, `other` [..., 1]: without what falls to that one. */
export const softmaxBeside = (x: Value, other: Value): Value => apply(besideOperator, [x, other], {});
