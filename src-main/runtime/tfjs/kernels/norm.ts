import type { TfTensor } from '../library.ts';
import { fromFront, input, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const norm: Kernels = {
  SimplifiedLayerNormalization: (call) => {
    const { tf } = call;
    const x = rowsOf(call);
    const inverse = inverseRoot(call, x);
    return [tf.mul(tf.mul(x, inverse), input(call, 1)), inverse];
  },
  LayerNormalization: (call) => {
    const { tf } = call;
    const x = rowsOf(call);
    const mean = tf.mean(x, [x.rank - 1], true);
    const centred = tf.sub(x, mean);
    const inverse = inverseRoot(call, centred);
    const normal = tf.mul(tf.mul(centred, inverse), input(call, 1));
    const bias = call.inputs[2];
    return [bias ? tf.add(normal, bias) : normal, mean, inverse];
  },
};

function rowsOf(call: Call): TfTensor {
  const x = input(call, 0);
  if (fromFront(number(call, 'axis', -1), x.rank) !== x.rank - 1) throw unknownForm(call, 'over more than the last axis');
  return x;
}

/** 1 / sqrt(mean(x^2) + epsilon) of each row. */
function inverseRoot(call: Call, x: TfTensor): TfTensor {
  const { tf } = call;
  return tf.rsqrt(tf.add(tf.mean(tf.square(x), [x.rank - 1], true), tf.scalar(number(call, 'epsilon', 1e-5))));
}
