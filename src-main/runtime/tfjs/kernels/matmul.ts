import type { Tf, TfTensor } from '../library.ts';
import { input, isSet, number, type Call, type Kernels } from './kernel.ts';

export const matmul: Kernels = {
  MatMul: (call) => product(call.tf, input(call, 0), input(call, 1), false, false),
  FusedMatMul: (call) => scaled(call, product(call.tf, input(call, 0), input(call, 1), isSet(call, 'transA'), isSet(call, 'transB')), 'alpha'),
  Gemm: (call) => {
    const made = scaled(call, call.tf.matMul(input(call, 0), input(call, 1), isSet(call, 'transA'), isSet(call, 'transB')), 'alpha');
    const added = call.inputs[2];
    return added ? call.tf.add(made, scaled(call, added, 'beta')) : made;
  },
};

/** Over the last two axes; a matrix that many others are multiplied by takes all their rows at once. */
function product(tf: Tf, a: TfTensor, b: TfTensor, transA: boolean, transB: boolean): TfTensor {
  if (b.rank !== 2 || a.rank <= 2 || transA) return tf.matMul(a, b, transA, transB);
  const rows = tf.matMul(tf.reshape(a, [-1, a.shape.at(-1)!]), b, false, transB);
  return tf.reshape(rows, [...a.shape.slice(0, -1), rows.shape[1]!]);
}

function scaled(call: Call, x: TfTensor, attribute: 'alpha' | 'beta'): TfTensor {
  const factor = number(call, attribute, 1);
  return factor === 1 ? x : call.tf.mul(x, call.tf.scalar(factor));
}
