import type { TfTensor } from '../library.ts';
import { fromFront, input, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const activation: Kernels = {
  Softmax: (call) => call.tf.softmax(onLastAxis(call)),
  LogSoftmax: (call) => call.tf.logSoftmax(onLastAxis(call)),
  QuickGelu: (call) => {
    const { tf } = call;
    const [x, alpha] = [input(call, 0), number(call, 'alpha', 1.702)];
    return tf.mul(x, tf.sigmoid(alpha === 1 ? x : tf.mul(x, tf.scalar(alpha))));
  },
  Gelu: (call) => (call.attributes['approximate'] === 'tanh' ? byTanh(call) : byErf(call)),
};

function onLastAxis(call: Call): TfTensor {
  const x = input(call, 0);
  if (fromFront(number(call, 'axis', -1), x.rank) !== x.rank - 1) throw unknownForm(call, 'over another axis than the last');
  return x;
}

/** x Phi(x). */
function byErf(call: Call): TfTensor {
  const { tf } = call;
  const x = input(call, 0);
  return tf.mul(tf.mul(x, tf.scalar(0.5)), tf.add(tf.erf(tf.mul(x, tf.scalar(Math.SQRT1_2))), tf.scalar(1)));
}

/** x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
function byTanh(call: Call): TfTensor {
  const { tf } = call;
  const x = input(call, 0);
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), tf.scalar(0.044715)), tf.scalar(1)));
  return tf.mul(tf.mul(x, tf.scalar(0.5)), tf.add(tf.tanh(tf.mul(inner, tf.scalar(Math.sqrt(2 / Math.PI)))), tf.scalar(1)));
}
