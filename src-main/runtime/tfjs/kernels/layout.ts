import { broadcast } from '../../../graph/shape.ts';
import type { TfTensor } from '../library.ts';
import { fromFront, input, number, unknownForm, type Call, type Kernels } from './kernel.ts';

export const layout: Kernels = {
  // Zero stands for the same place of the input.
  Reshape: (call) => call.tf.reshape(input(call, 0), call.numbers(1).map((dim, axis) => (dim === 0 ? input(call, 0).shape[axis]! : dim))),
  Unsqueeze: (call) => {
    const { shape } = input(call, 0);
    const axes = call.numbers(1).map((axis) => fromFront(axis, shape.length + call.numbers(1).length));
    const rest = shape.values();
    return call.tf.reshape(input(call, 0), Array.from({ length: shape.length + axes.length }, (_, axis) => (axes.includes(axis) ? 1 : rest.next().value!)));
  },
  Squeeze: (call) => {
    const { shape } = input(call, 0);
    const axes = call.numbers(1).map((axis) => fromFront(axis, shape.length));
    return call.tf.reshape(input(call, 0), shape.filter((dim, axis) => (axes.length > 0 ? !axes.includes(axis) : dim !== 1)));
  },
  Transpose: (call) => {
    const { rank } = input(call, 0);
    const order = call.attributes['perm'];
    return call.tf.transpose(input(call, 0), Array.isArray(order) ? order as number[] : Array.from({ length: rank }, (_, axis) => rank - 1 - axis));
  },
  Concat: (call) => {
    const { rank } = input(call, 0);
    return call.tf.concat(call.inputs.map((_, at) => input(call, at)), fromFront(number(call, 'axis', 0), rank));
  },
  Split: (call) => {
    const x = input(call, 0);
    const sizes = call.numbers(1);
    if (sizes.length === 0) throw unknownForm(call, 'without sizes');
    return call.tf.split(x, sizes, fromFront(number(call, 'axis', 0), x.rank));
  },
  Slice: slice,
  Pad: (call) => {
    const { rank } = input(call, 0);
    if (call.attributes['mode'] !== undefined && call.attributes['mode'] !== 'constant') throw unknownForm(call, `in the mode ${String(call.attributes['mode'])}`);
    if (call.inputs[2] || call.inputs[3]) throw unknownForm(call, 'with another number than zero');
    const sizes = call.numbers(1);
    return call.tf.pad(input(call, 0), Array.from({ length: rank }, (_, axis) => [sizes[axis]!, sizes[axis + rank]!] as const));
  },
  Expand: (call) => call.tf.broadcastTo(input(call, 0), broadcast(input(call, 0).shape, call.numbers(1)) as number[]),
  ConstantOfShape: (call) => {
    if (call.attributes['value'] !== undefined) throw unknownForm(call, 'with another number than zero');
    return call.tf.fill(call.numbers(0), 0, 'float32');
  },
  Shape: (call) => {
    const { shape } = input(call, 0);
    return call.tf.tensor(Int32Array.from(shape), [shape.length], 'int32');
  },
  Range: (call) => call.tf.range(call.numbers(0)[0]!, call.numbers(1)[0]!, call.numbers(2)[0]!, input(call, 0).dtype),
};

function slice(call: Call): TfTensor {
  const x = input(call, 0);
  const [starts, ends] = [call.numbers(1), call.numbers(2)];
  const axes = call.inputs[3] ? call.numbers(3) : starts.map((_, axis) => axis);
  if (call.numbers(4).some((step) => step !== 1)) throw unknownForm(call, 'in steps');
  const begin = x.shape.map(() => 0);
  const size = [...x.shape];
  axes.forEach((named, at) => {
    const axis = fromFront(named, x.rank);
    const length = x.shape[axis]!;
    const place = (index: number): number => Math.min(length, Math.max(0, fromFront(index, length)));
    begin[axis] = place(starts[at]!);
    size[axis] = Math.max(0, place(ends[at]!) - begin[axis]);
  });
  return call.tf.slice(x, begin, size);
}
