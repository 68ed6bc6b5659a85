import { DTYPES, type DType } from '../dtype.ts';
import { made, type NodeWriter } from '../onnx/node-writer.ts';
import { throughFloats } from '../onnx/through-floats.ts';
import { dimAt, normalizeAxis, sameShape, showShape, sizeOf, staticDim, type Dim, type Shape } from '../shape.ts';
import { apply, type Graph, type Operator, type Value } from '../value.ts';

/** Of which WebGPU looks some up and shapes them anew, and moves none. */
const areBytes = ([x]: readonly Value[], { dialect }: NodeWriter): boolean => dialect === 'webgpu' && x!.dtype === 'uint8';

const int64 = (numbers: readonly number[]): BigInt64Array => BigInt64Array.from(numbers, BigInt);

const reshapeOperator: Operator<{ shape: Shape }> = {
  name: 'reshape',
  infer: ([x], { shape }) => {
    const isStatic = [...x!.shape, ...shape].every((dim) => typeof dim === 'number');
    if (isStatic && sizeOf(x!.shape) !== sizeOf(shape)) throw new Error(`cannot become ${showShape(shape)}`);
    return [{ dtype: x!.dtype, shape }];
  },
  emit: ({ inputs: [x], outputs, attributes: { shape } }, writer) => {
    const target = writer.constant('int64', [shape.length], int64(reshapeTarget(x!.shape, shape)));
    writer.node('Reshape', [x!, target], outputs);
  },
  gradient: ({ inputs: [x] }, [up]) => [reshape(up!, x!.shape)],
};

/** Symbolic dimensions are copied from the same place of the input (0) or, once, inferred (-1). */
function reshapeTarget(from: Shape, to: Shape): number[] {
  const target = to.map((dim, axis) => (typeof dim === 'number' ? dim : from[axis] === dim ? 0 : -1));
  if (target.filter((dim) => dim === -1).length > 1) {
    throw new Error(`reshape ${showShape(from)} to ${showShape(to)} leaves two dimensions open`);
  }
  return target;
}

/** The same elements in the same order under another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : apply(reshapeOperator, [x], { shape });
}

const transposeOperator: Operator<{ order: readonly number[] }> = {
  name: 'transpose',
  infer: ([x], { order }) => [{ dtype: x!.dtype, shape: order.map((axis) => dimAt(x!.shape, axis)) }],
  emit: ({ inputs, outputs, attributes: { order } }, writer) => {
    if (areBytes(inputs, writer)) throughFloats(inputs, outputs[0]!, writer, (floats) => made(writer, 'Transpose', floats, { perm: order }));
    else writer.node('Transpose', inputs, outputs, { perm: order });
  },
  gradient: ({ attributes: { order } }, [up]) => [transpose(up!, order.map((_, axis) => order.indexOf(axis)))],
};

/** Axis i of the result is axis `order[i]` of the input. */
export function transpose(x: Value, order: readonly number[]): Value {
  return order.every((axis, at) => axis === at) ? x : apply(transposeOperator, [x], { order });
}

const concatOperator: Operator<{ axis: number }> = {
  name: 'concat',
  infer: (inputs, { axis }) => {
    const dims = inputs.map((input) => dimAt(input.shape, axis));
    const total: Dim = dims.every((dim) => typeof dim === 'number')
      ? dims.reduce<number>((sum, dim) => sum + Number(dim), 0)
      : dims.join(' + ');
    return [{ dtype: inputs[0]!.dtype, shape: inputs[0]!.shape.map((dim, at) => (at === axis ? total : dim)) }];
  },
  emit: ({ inputs, outputs, attributes: { axis } }, writer) => {
    if (areBytes(inputs, writer)) throughFloats(inputs, outputs[0]!, writer, (floats) => made(writer, 'Concat', floats, { axis }));
    else writer.node('Concat', inputs, outputs, { axis });
  },
  gradient: ({ inputs, attributes: { axis } }, [up]) => split(up!, axis, inputs.map((input) => staticDim(input.shape, axis))),
};

export function concat(inputs: readonly Value[], axis: number): Value {
  const [only] = inputs;
  if (!only) throw new Error('concat needs an input');
  return inputs.length === 1 ? only : apply(concatOperator, inputs, { axis: normalizeAxis(axis, only.rank) });
}

/** WebGPU promises eight buffers to a kernel; each output takes one. */
const SPLIT_LIMIT = 6;

const splitOperator: Operator<{ axis: number; sizes: readonly number[] }> = {
  name: 'split',
  infer: ([x], { axis, sizes }) => {
    if (sizes.reduce((sum, size) => sum + size, 0) !== staticDim(x!.shape, axis)) throw new Error('sizes do not add up');
    return sizes.map((size) => ({ dtype: x!.dtype, shape: x!.shape.map((dim, at) => (at === axis ? size : dim)) }));
  },
  emit: ({ inputs: [x], outputs, attributes: { axis, sizes } }, writer) => {
    if (writer.dialect === 'webgpu' && sizes.length > SPLIT_LIMIT) {
      let start = 0;
      outputs.forEach((output, at) => {
        if (writer.isUsed(output)) emitSlice(x!, output, { axis, start, end: start + sizes[at]! }, writer);
        start += sizes[at]!;
      });
      return;
    }
    writer.node('Split', [x!, writer.constant('int64', [sizes.length], int64(sizes))], outputs, { axis });
  },
  gradient: ({ inputs: [x], outputs, attributes: { axis } }, upstream) => [
    concat(upstream.map((up, index) => up ?? zeros(x!.graph, outputs[index]!.shape)), axis),
  ],
};

/** Cuts a value along an axis into pieces of the given sizes. */
export function split(x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
  return sizes.length === 1 ? [x] : x.graph.apply(splitOperator, [x], { axis: normalizeAxis(axis, x.rank), sizes });
}

type Range = { axis: number; start: number; end: number };

const sliceOperator: Operator<Range> = {
  name: 'slice',
  infer: ([x], { axis, start, end }) => [
    { dtype: x!.dtype, shape: x!.shape.map((dim, at) => (at === axis ? end - start : dim)) },
  ],
  emit: ({ inputs: [x], outputs, attributes }, writer) => emitSlice(x!, outputs[0]!, attributes, writer),
  gradient: ({ inputs: [x], attributes: { axis, start, end } }, [up]) => {
    const size = staticDim(x!.shape, axis);
    const pad = (length: number): Value[] =>
      length === 0 ? [] : [zeros(x!.graph, x!.shape.map((dim, at) => (at === axis ? length : dim)))];
    return [concat([...pad(start), up!, ...pad(size - end)], axis)];
  },
};

/** WebGPU cuts floats only; of integers it looks up what is wanted. */
function emitSlice(x: Value, output: Value, { axis, start, end }: Range, writer: NodeWriter): void {
  if (writer.dialect === 'webgpu' && !FLOATS.has(x.dtype)) {
    const places = Int32Array.from({ length: end - start }, (_, at) => start + at);
    writer.node('Gather', [x, writer.constant('int32', [places.length], places)], [output], { axis });
    return;
  }
  const one = (number: number): string => writer.constant('int64', [1], int64([number]));
  writer.node('Slice', [x, one(start), one(end), one(axis)], [output]);
}

const FLOATS: ReadonlySet<DType> = new Set(['float32', 'float16']);

/** Elements `start` up to, not including, `end` along an axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const front = normalizeAxis(axis, x.rank);
  return start === 0 && end === x.shape[front] ? x : apply(sliceOperator, [x], { axis: front, start, end });
}

const dropOperator: Operator<{ axis: number; rest: Dim }> = {
  name: 'dropFirst',
  infer: ([x], { axis, rest }) => [{ dtype: x!.dtype, shape: x!.shape.map((dim, at) => (at === axis ? rest : dim)) }],
  emit: ({ inputs: [x, count], outputs, attributes: { axis } }, writer) => {
    const one = (number: bigint): string => writer.constant('int64', [1], BigInt64Array.of(number));
    const start = writer.temporary();
    writer.node('Reshape', [count!, one(1n)], [start]);
    writer.node('Slice', [x!, start, one(2n ** 62n), one(BigInt(axis))], outputs);
  },
};

/** What is left of an axis without its first `count` [] (int64) elements. @param rest  what the graph calls the length that is left */
export function dropFirst(x: Value, axis: number, count: Value, rest: Dim): Value {
  return apply(dropOperator, [x, count], { axis, rest });
}

const zerosOperator: Operator<{ shape: Shape }> = {
  name: 'zeros',
  infer: (_, { shape }) => [{ dtype: 'float32', shape }],
  emit: ({ outputs, attributes: { shape } }, writer) => {
    emitZeros(shape, outputs[0]!, writer);
  },
};

/** Zeros of a static shape; WebGPU has no ConstantOfShape. */
export function emitZeros(shape: Shape, output: Value | string, writer: NodeWriter): void {
  const dims = writer.constant('int64', [shape.length], int64(shape.map((_, axis) => staticDim(shape, axis))));
  if (writer.dialect === 'webgpu') writer.node('Expand', [writer.constant('float32', [], new Float32Array(1)), dims], [output]);
  else writer.node('ConstantOfShape', [dims], [output]);
}

function zeros(graph: Graph, shape: Shape): Value {
  return graph.apply(zerosOperator, [], { shape })[0]!;
}

const padLastOperator: Operator<{ width: number }> = {
  name: 'padLast',
  infer: ([x], { width }) => [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), width] }],
  emit: ({ inputs: [x], outputs, attributes: { width } }, writer) => {
    const pads = [...x!.shape, ...x!.shape].map((_, at, all) => (at === all.length - 1 ? width - staticDim(x!.shape, -1) : 0));
    writer.node('Pad', [x!, writer.constant('int64', [pads.length], int64(pads))], outputs);
  },
  gradient: ({ inputs: [x] }, [up]) => [slice(up!, -1, 0, staticDim(x!.shape, -1))],
};

/** Zeros after the last axis up to a width. */
export function padLast(x: Value, width: number): Value {
  return staticDim(x.shape, -1) === width ? x : apply(padLastOperator, [x], { width });
}

const castOperator: Operator<{ to: DType }> = {
  name: 'cast',
  infer: ([x], { to }) => [{ dtype: to, shape: x!.shape }],
  emit: ({ inputs, outputs, attributes: { to } }, writer) => writer.node('Cast', inputs, outputs, { to: DTYPES[to].code }),
  gradient: ({ inputs: [x] }, [up]) => [x!.dtype === 'float32' || x!.dtype === 'float16' ? cast(up!, x!.dtype) : null],
};

export function cast(x: Value, to: DType): Value {
  return x.dtype === to ? x : apply(castOperator, [x], { to });
}
