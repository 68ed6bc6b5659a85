import { DTYPES } from '../dtype.ts';
import { made, type NodeWriter } from '../onnx/node-writer.ts';
import { staticDim } from '../shape.ts';
import { apply, type Node, type Operator, type Value } from '../value.ts';
import { emitZeros, reshape } from './layout.ts';
import { expand } from './reduce.ts';

const gatherOperator: Operator = {
  name: 'gatherRows',
  infer: ([table, ids]) => [{ dtype: table!.dtype, shape: [...ids!.shape, ...table!.shape.slice(1)] }],
  emit: ({ inputs, outputs }, writer) => writer.node('Gather', inputs, outputs, { axis: 0 }),
  gradient: ({ inputs: [table, ids] }, [up]) => {
    const count = ids!.shape.reduce<number>((size, _, axis) => size * staticDim(ids!.shape, axis), 1);
    return [scatterRows(reshape(ids!, [count]), reshape(up!, [count, ...table!.shape.slice(1)]), staticDim(table!.shape, 0)), null];
  },
};

/** Rows of `table` [n, ...] at `ids` (int32, any shape): [...ids, ...]. */
export function gatherRows(table: Value, ids: Value): Value {
  return apply(gatherOperator, [table, ids], {});
}

const scatterOperator: Operator<{ count: number }> = {
  name: 'scatterRows',
  infer: ([, rows], { count }) => [{ dtype: rows!.dtype, shape: [count, ...rows!.shape.slice(1)] }],
  emit: (node, writer) => {
    const { inputs: [, rows, index], outputs } = node;
    if (writer.dialect === 'webgpu' && rows!.rank === 2) return emitInOrder(node, writer);
    const zeros = writer.temporary();
    emitZeros(outputs[0]!.shape, zeros, writer);
    // ScatterND with reduction=add loses updates on the CPU when an id repeats; ScatterElements does not.
    writer.node('ScatterElements', [zeros, index!, rows!], outputs, { axis: 0, reduction: 'add' });
  },
};

/** Elements of the largest matrix that tells which ids are the same. */
const AT_ONCE = 2 ** 22;

/**
 * Adding in place has no fixed order on WebGPU, but products have. Of a table that has no more rows than there are ids each is summed
 * by itself. In a larger one the sum of all rows of an id stands at each of its places, so that it is the same that is written. Both
 * some after the others: the matrix that tells what is summed grows with the square of the ids.
 */
function emitInOrder({ inputs: [ids, rows, index], outputs, attributes: { count } }: Node<{ count: number }>, writer: NodeWriter): void {
  const n = staticDim(ids!.shape, 0);
  const shaped = (x: Value | string, ...dims: number[]): string => made(writer, 'Reshape', [x, writer.constant('int64', [dims.length], BigInt64Array.from(dims, BigInt))]);
  const numbers = (start: number, end: number, ...more: number[]): string => writer.constant('int32', [end - start, ...more], Int32Array.from({ length: end - start }, (_, at) => start + at));
  const all = shaped(ids!, 1, n);
  const sums = (wanted: string): string => made(writer, 'MatMul', [made(writer, 'Cast', [made(writer, 'Equal', [wanted, all])], { to: DTYPES.float32.code }), rows!]);
  const inPieces = (length: number, piece: (start: number, end: number) => string): string[] => {
    const size = Math.max(1, Math.floor(AT_ONCE / n));
    return Array.from({ length: Math.ceil(length / size) }, (_, at) => piece(at * size, Math.min((at + 1) * size, length)));
  };
  if (count <= n) {
    writer.node('Concat', inPieces(count, (start, end) => sums(numbers(start, end, 1))), outputs, { axis: 0 });
    return;
  }
  const parts = inPieces(n, (start, end) => sums(shaped(end - start === n ? ids! : made(writer, 'Gather', [ids!, numbers(start, end)], { axis: 0 }), end - start, 1)));
  const zeros = writer.temporary();
  emitZeros(outputs[0]!.shape, zeros, writer);
  writer.node('ScatterElements', [zeros, index!, parts.length === 1 ? parts[0]! : made(writer, 'Concat', parts, { axis: 0 })], outputs, { axis: 0 });
}

/**
 * Sums `rows` [n, ...] into zeros [count, ...] at `ids` [n]: what flows back to an embedding. A trainer can
 * take the rows themselves (`asRows`) and add them to the gradient in place, which touches n rows, not count.
 */
function scatterRows(ids: Value, rows: Value, count: number): Value {
  const index = expand(reshape(ids, [...ids.shape, ...rows.shape.slice(1).map(() => 1)]), rows.shape);
  return apply(scatterOperator, [ids, rows, index], { count });
}

/** The ids and rows of a value made by `scatterRows`, or null. */
export function asRows(value: Value): { ids: Value; rows: Value } | null {
  const node = value.producer?.node;
  if (!node || node.operator.name !== scatterOperator.name) return null;
  return { ids: node.inputs[0]!, rows: node.inputs[1]! };
}

const gatherElementsOperator: Operator = {
  name: 'gatherElements',
  infer: ([x, index]) => [{ dtype: x!.dtype, shape: index!.shape }],
  emit: ({ inputs, outputs }, writer) => writer.node('GatherElements', inputs, outputs, { axis: -1 }),
};

/** Elements of the last axis at `index` [..., k] (int32 or int64). Its users bring their own gradient. */
export function gatherElements(x: Value, index: Value): Value {
  return apply(gatherElementsOperator, [x, index], {});
}

const gatherColumnsOperator: Operator = {
  name: 'gatherColumns',
  infer: ([x, ids]) => [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), staticDim(ids!.shape, 0)] }],
  emit: ({ inputs, outputs }, writer) => writer.node('Gather', inputs, outputs, { axis: -1 }),
};

/** Columns of the last axis of x [..., n] at `ids` [k] (int32), the same in every row: [..., k]. Its users bring their own gradient. */
export function gatherColumns(x: Value, ids: Value): Value {
  return apply(gatherColumnsOperator, [x, ids], {});
}

const subtractAtOperator: Operator = {
  name: 'subtractAt',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs: [x, index, amount], outputs }, writer) => {
    const negative = writer.temporary();
    writer.node('Neg', [amount!], [negative]);
    writer.node('ScatterElements', [x!, index!, negative], outputs, { axis: -1, reduction: 'add' });
  },
};

/** x with `amount` [..., k] taken away at `index` [..., k] of the last axis. Its users bring their own gradient. */
export function subtractAt(x: Value, index: Value, amount: Value): Value {
  return apply(subtractAtOperator, [x, index, amount], {});
}

const placeAtOperator: Operator = {
  name: 'placeAt',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }, writer) => writer.node('ScatterElements', inputs, outputs, { axis: -1 }),
};

/** x with `values` [..., k] put in at `index` [..., k] of the last axis. Where an index repeats, its values have to be the same. */
export function placeAt(x: Value, index: Value, values: Value): Value {
  return apply(placeAtOperator, [x, index, values], {});
}
