import { made } from '../onnx/node-writer.ts';
import { broadcast, broadcastAxes, dimAt, normalizeAxis, sameShape, staticDim, type Shape } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';
import { reshape } from './layout.ts';

type Reduction = { axes: readonly number[]; keepDims: boolean };

function reducedShape(shape: Shape, { axes, keepDims }: Reduction): Shape {
  return shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));
}

const sumOperator: Operator<Reduction> = {
  name: 'sum',
  infer: ([x], attributes) => [{ dtype: x!.dtype, shape: reducedShape(x!.shape, attributes) }],
  emit: ({ inputs, outputs, attributes }, writer) => {
    const over = (axes: readonly number[]): string => writer.constant('int64', [axes.length], BigInt64Array.from(axes, BigInt));
    const { axes, keepDims } = attributes;
    const last = inputs[0]!.rank - 1;
    const keepdims = keepDims ? 1 : 0;
    // One after the other, as WebGPU sums, millions of numbers lose their last digits: the rows first.
    if (writer.dialect === 'webgpu' && axes.length > 1 && axes.includes(last)) {
      const rows = made(writer, 'ReduceSum', [inputs[0]!, over([last])], { keepdims: 1 });
      writer.node('ReduceSum', [rows, over(axes)], outputs, { keepdims });
    } else writer.node('ReduceSum', [inputs[0]!, over(axes)], outputs, { keepdims });
  },
  gradient: ({ inputs: [x], attributes }, [up]) => {
    const kept = reducedShape(x!.shape, { ...attributes, keepDims: true });
    return [expand(attributes.keepDims ? up! : reshape(up!, kept), x!.shape)];
  },
};

/** Sum over axes (all of them if none are named). */
export function sum(x: Value, axes?: readonly number[], keepDims = false): Value {
  return apply(sumOperator, [x], reduction(x, axes, keepDims));
}

function reduction(x: Value, axes: readonly number[] | undefined, keepDims: boolean): Reduction {
  const over = axes ? axes.map((axis) => normalizeAxis(axis, x.rank)) : x.shape.map((_, axis) => axis);
  return { axes: [...over].sort((a, b) => a - b), keepDims };
}

const expandOperator: Operator<{ shape: Shape }> = {
  name: 'expand',
  infer: ([x], { shape }) => [{ dtype: x!.dtype, shape: broadcast(x!.shape, shape) }],
  emit: ({ inputs: [x], outputs, attributes: { shape } }, writer) => {
    const target = writer.constant('int64', [shape.length], BigInt64Array.from(shape, (_, axis) => BigInt(staticDim(shape, axis))));
    writer.node('Expand', [x!, target], outputs);
  },
  gradient: ({ inputs: [x] }, [up]) => [reduceTo(up!, x!.shape)],
};

/** Repeats a value along its dimensions of one to reach a shape. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply(expandOperator, [x], { shape });
}

/** Undoes broadcasting: sums a value back to the shape it was repeated from. */
export function reduceTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const axes = broadcastAxes(shape, x.shape);
  return reshape(axes.length > 0 ? sum(x, axes) : x, shape);
}

const argMaxOperator: Operator<{ axis: number }> = {
  name: 'argMax',
  infer: ([x], { axis }) => [{ dtype: 'int64', shape: x!.shape.filter((_, at) => at !== axis) }],
  emit: ({ inputs, outputs, attributes: { axis } }, writer) => {
    writer.node('ArgMax', inputs, outputs, { axis, keepdims: 0 });
  },
};

/** Index of the first largest element along an axis (int64). */
export function argMax(x: Value, axis: number): Value {
  dimAt(x.shape, axis);
  return apply(argMaxOperator, [x], { axis: normalizeAxis(axis, x.rank) });
}
