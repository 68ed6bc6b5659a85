import type { Tf, TfTensor } from '../library.ts';
import { fromFront, input, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const gather: Kernels = {
  Gather: (call) => call.tf.gather(input(call, 0), input(call, 1), fromFront(number(call, 'axis', 0), input(call, 0).rank), 0),
  GatherElements: (call) => {
    const [x, index] = [input(call, 0), input(call, 1)];
    if (fromFront(number(call, 'axis', 0), x.rank) !== x.rank - 1) throw unknownForm(call, 'over another axis than the last');
    const flat = (of: TfTensor): TfTensor => call.tf.reshape(of, [-1, of.shape.at(-1)!]);
    return call.tf.reshape(call.tf.gather(flat(x), flat(index), 1, 1), index.shape);
  },
  GatherND: gatherNd,
  ScatterElements: (call) => {
    const [x, index, updates] = [input(call, 0), input(call, 1), input(call, 2)];
    const places = flatPlaces(call.tf, x.shape, index, fromFront(number(call, 'axis', 0), x.rank));
    return scattered(call, x, places, call.tf.reshape(updates, [-1]));
  },
  ScatterND: (call) => {
    const [x, index, updates] = [input(call, 0), input(call, 1), input(call, 2)];
    switch (reductionOf(call)) {
      case 'add': return call.tf.add(x, call.tf.scatterND(index, updates, x.shape));
      case 'none': return call.tf.tensorScatterUpdate(x, index, updates);
    }
  },
};

function reductionOf(call: Call): 'add' | 'none' {
  const reduction = call.attributes['reduction'] ?? 'none';
  if (reduction !== 'add' && reduction !== 'none') throw unknownForm(call, `with the reduction ${String(reduction)}`);
  return reduction;
}

/** x with numbers put or added at places of all its numbers in a row. Sums are made in the order of the numbers on a processor. */
function scattered(call: Call, x: TfTensor, places: TfTensor, updates: TfTensor): TfTensor {
  const { tf } = call;
  const size = x.shape.reduce((product, dim) => product * dim, 1);
  if (reductionOf(call) === 'add') return tf.add(x, tf.reshape(tf.unsortedSegmentSum(updates, places, size), x.shape));
  return tf.reshape(tf.tensorScatterUpdate(tf.reshape(x, [size]), tf.reshape(places, [-1, 1]), updates), x.shape);
}

/** Of every element of `index`, which names a place along one axis, the place among all numbers of a tensor of `shape`: [elements]. */
function flatPlaces(tf: Tf, shape: readonly number[], index: TfTensor, along: number): TfTensor {
  const stride = (axis: number): number => shape.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  let places = tf.mul(index, tf.scalar(stride(along), 'int32'));
  index.shape.forEach((dim, axis) => {
    if (axis === along) return;
    const own = tf.reshape(tf.range(0, dim, 1, 'int32'), index.shape.map((_, at) => (at === axis ? dim : 1)));
    places = tf.add(places, tf.mul(own, tf.scalar(stride(axis), 'int32')));
  });
  return tf.reshape(places, [-1]);
}

function gatherNd(call: Call): TfTensor {
  const [x, index] = [input(call, 0), input(call, 1)];
  const { tf } = call;
  const batch = number(call, 'batch_dims', 0);
  if (batch === 0) return tf.gatherND(x, index);
  if (batch !== 1) throw unknownForm(call, `with ${batch} axes in common`);
  // The axis in common is one more to look up along.
  const leading = index.shape.slice(0, -1);
  const rows = tf.reshape(tf.range(0, leading[0]!, 1, 'int32'), [leading[0]!, ...leading.slice(1).map(() => 1), 1]);
  return tf.gatherND(x, tf.concat([tf.broadcastTo(rows, [...leading, 1]), index], index.rank - 1));
}
