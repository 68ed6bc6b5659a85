import { add, greaterOrEqual, less, max, min, mul, sub } from '../../graph/ops/elementwise.ts';
import { cast, concat, reshape, slice } from '../../graph/ops/layout.ts';
import type { Value } from '../../graph/value.ts';
import { MOST_ELEMENTS, rowsOf } from './rows.ts';
import type { Matrix, Table, WeightFormat } from './weight-format.ts';

/**
 * A format in which no tensor is larger than `most` elements: a larger matrix or table is kept as parts of its rows
 * (`rowsOf`), each of which is a matrix or table of the format.
 */
export function inRows(format: WeightFormat, most = MOST_ELEMENTS): WeightFormat {
  return {
    multiply: (x, matrix) => {
      const parts = rowsOf(matrix, most).map(({ name, shape, start }) => ({ start, matrix: { ...matrix, name, shape } as Matrix }));
      if (parts.length === 1) return format.multiply(x, matrix);
      // A row is an output: the outputs stand side by side. Or it is an input: their products add up.
      if (matrix.layout === 'out-in') return concat(parts.map((part) => format.multiply(x, part.matrix)), -1);
      return parts.map((part) => format.multiply(slice(x, -1, part.start, part.start + part.matrix.shape[0]), part.matrix)).reduce((a, b) => add(a, b));
    },
    ...(format.unpacks && { unpacks: format.unpacks }),
    lookUp: (ids, table) => {
      const parts = rowsOf(table, most).map(({ name, shape, start }) => ({ start, table: { name, shape } as Table }));
      if (parts.length === 1) return format.lookUp(ids, table);
      return parts.map((part) => found(format, ids, part)).reduce((a, b) => add(a, b));
    },
  };
}

/** The vectors of the ids that a part holds, and zeros for all others. */
function found(format: WeightFormat, ids: Value, { start, table }: { start: number; table: Table }): Value {
  const [count] = table.shape;
  const number = (value: number): Value => ids.graph.constant(ids.dtype, [], ids.dtype === 'int64' ? BigInt64Array.of(BigInt(value)) : Int32Array.of(value));
  const within = sub(ids, number(start));
  const isHere = mul(cast(greaterOrEqual(within, number(0)), 'float32'), cast(less(within, number(count)), 'float32'));
  const vectors = format.lookUp(min(max(within, number(0)), number(count - 1)), table);
  return mul(vectors, reshape(isHere, [...ids.shape, 1]));
}
