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
    const make = (type: string, from: readonly (Value | string)[]): string => {
      const name = writer.temporary();
      writer.node(type, from, [name]);
      return name;
    };
    const scalar = (number: number): string => writer.constant('int64', [], BigInt64Array.of(BigInt(number)));
    const columns = make('Range', [scalar(0), keys!, scalar(1)]);
    const last = make('Range', [make('Sub', [keys!, queries!]), keys!, scalar(1)]);
    const rows = make('Unsqueeze', [last, writer.constant('int64', [1], BigInt64Array.of(1n))]);
    const clamped = make('Clip', [make('Sub', [rows, columns]), scalar(-limit), scalar(limit)]);
    const counted = make('Add', [clamped, scalar(limit)]);
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
