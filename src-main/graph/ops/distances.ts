import { made, type NodeWriter } from '../onnx/node-writer.ts';
import { dimAt, type Dim } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

const lengthOperator: Operator<{ axis: number }> = {
  name: 'lengthOf',
  infer: () => [{ dtype: 'int64', shape: [] }],
  emit: ({ inputs: [x], outputs, attributes: { axis } }, writer) => {
    const shape = writer.temporary();
    writer.node('Shape', [x!], [shape]);
    writer.node('Gather', [shape, writer.constant('int64', [], BigInt64Array.of(BigInt(axis)))], outputs);
  },
};

/** The size of a dimension, [] (int64). */
function lengthOf(x: Value, axis: number): Value {
  return apply(lengthOperator, [x], { axis: axis < 0 ? x.rank + axis : axis });
}

type Distances = { rows: Dim; columns: Dim; limit: number };

const distancesOperator: Operator<Distances> = {
  name: 'distances',
  infer: (_, { rows, columns }) => [{ dtype: 'int64', shape: [1, rows, columns] }],
  emit: ({ inputs: [queries, keys], outputs, attributes: { limit } }, writer) => {
    const { rows, columns } = places(queries!, keys!, writer);
    const bound = (number: number): string => writer.constant('int64', [], BigInt64Array.of(BigInt(number)));
    const clamped = made(writer, 'Clip', [made(writer, 'Sub', [rows, columns]), bound(-limit), bound(limit)]);
    const counted = made(writer, 'Add', [clamped, bound(limit)]);
    writer.node('Unsqueeze', [counted, writer.constant('int64', [1], BigInt64Array.of(0n))], outputs);
  },
};

/** How many positions there are: the number, [] (int64), and what the graph calls it. */
export interface Length { count: Value; dim: Dim }

/** The length of an axis. */
export function lengthAlong(x: Value, axis: number): Length {
  return { count: lengthOf(x, axis), dim: dimAt(x.shape, axis) };
}

/**
 * Query position minus key position, held to -limit .. limit and counted from there: [1, queries, keys] (int64).
 * The queries are the last of the keys' text.
 */
export function distances(queries: Length, keys: Length, limit: number): Value {
  return apply(distancesOperator, [queries.count, keys.count], { rows: queries.dim, columns: keys.dim, limit });
}

const causalOperator: Operator<{ rows: Dim; columns: Dim; masked: number }> = {
  name: 'causalMask',
  infer: (_, { rows, columns }) => [{ dtype: 'float32', shape: [1, 1, rows, columns] }],
  emit: ({ inputs: [queries, keys], outputs, attributes: { masked } }, writer) => {
    const { rows, columns } = places(queries!, keys!, writer);
    const isAhead = made(writer, 'Less', [rows, columns]);
    const float = (number: number): string => writer.constant('float32', [], Float32Array.of(number));
    const mask = made(writer, 'Where', [isAhead, float(masked), float(0)]);
    writer.node('Unsqueeze', [mask, writer.constant('int64', [2], BigInt64Array.of(0n, 1n))], outputs);
  },
};

/** 0 where a query may look at a key and `masked` where the key comes after it: [1, 1, queries, keys]. */
export function causalMask(queries: Length, keys: Length, masked: number): Value {
  return apply(causalOperator, [queries.count, keys.count], { rows: queries.dim, columns: keys.dim, masked });
}

/** Positions of the queries [queries, 1], which are the last, and of the keys [keys]. */
function places(queries: Value, keys: Value, writer: NodeWriter): { rows: string; columns: string } {
  const scalar = (number: number): string => writer.constant('int64', [], BigInt64Array.of(BigInt(number)));
  const columns = made(writer, 'Range', [scalar(0), keys, scalar(1)]);
  const last = made(writer, 'Range', [made(writer, 'Sub', [keys, queries]), keys, scalar(1)]);
  return { columns, rows: made(writer, 'Unsqueeze', [last, writer.constant('int64', [1], BigInt64Array.of(1n))]) };
}
