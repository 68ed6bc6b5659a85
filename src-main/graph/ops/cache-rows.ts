import { DTYPES } from '../dtype.ts';
import { made } from '../onnx/node-writer.ts';
import type { Dim } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

const writeOperator: Operator = {
  name: 'writtenAt',
  infer: ([cache]) => [{ dtype: cache!.dtype, shape: cache!.shape }],
  emit: ({ inputs: [cache, rows, positions], outputs }, writer) => {
    const apart = made(writer, 'Unsqueeze', [positions!, writer.constant('int64', [2], BigInt64Array.of(1n, 3n))]);
    const places = made(writer, 'Expand', [apart, made(writer, 'Shape', [rows!])]);
    writer.node('ScatterElements', [cache!, places, rows!], outputs, { axis: 2 });
  },
};

/**
 * A cache [batch, heads, capacity, width] with `rows` [batch, heads, sequence, width] at `positions` [batch, sequence]
 * (int64), which differ within a text. Given the cache's own memory, it is changed in place. Not differentiable.
 */
export function writtenAt(cache: Value, rows: Value, positions: Value): Value {
  return apply(writeOperator, [cache, rows, positions], {});
}

const firstOperator: Operator<{ axis: number; dim: Dim }> = {
  name: 'firstOf',
  infer: ([x], { axis, dim }) => [{ dtype: x!.dtype, shape: x!.shape.map((size, at) => (at === axis ? dim : size)) }],
  emit: ({ inputs: [x, count], outputs, attributes: { axis } }, writer) => {
    const one = (number: number): string => writer.constant('int64', [1], BigInt64Array.of(BigInt(number)));
    writer.node('Slice', [x!, one(0), made(writer, 'Cast', [count!], { to: DTYPES.int64.code }), one(axis)], outputs);
  },
};

/** As many elements along an axis as `count` [1] says. @param dim  what the graph calls that length */
export function firstOf(x: Value, axis: number, count: Value, dim: Dim): Value {
  return apply(firstOperator, [x, count], { axis, dim });
}
