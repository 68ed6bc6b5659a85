import { dimAt, staticDim } from '../shape.ts';
import { apply, type Graph, type Operator, type Value } from '../value.ts';
import { concat, slice } from './layout.ts';

const shiftOperator: Operator<{ by: number }> = {
  name: 'shifted',
  infer: ([x, before]) => {
    if (staticDim(x!.shape, -1) !== staticDim(before!.shape, -1)) throw new Error('what stands before is as wide as the rows');
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  emit: ({ inputs: [x, before], outputs, attributes: { by } }, writer) => {
    const one = (number: number): string => writer.constant('int64', [1], BigInt64Array.of(BigInt(number)));
    const joined = writer.temporary();
    const reach = staticDim(before!.shape, 1);
    writer.node('Concat', [before!, x!], [joined], { axis: 1 });
    writer.node('Slice', [joined, one(reach - by), one(-by), one(1)], outputs);
  },
};

/** At every position what stands `by` positions before it, at most as far as `before` [batch, reach, width] goes: the length of x [batch, sequence, width] may stay open. */
export function shifted(x: Value, before: Value, by: number): Value {
  return by === 0 ? x : apply(shiftOperator, [x, before], { by });
}

/** At every position of x [batch, length, width] what stands `by` positions before it, zeros at the beginning. Differentiable. */
export function shiftedFromStart(graph: Graph, x: Value, by: number): Value {
  const [batch, length, width] = x.shape.map((_, axis) => staticDim(x.shape, axis)) as [number, number, number];
  const held = Math.min(by, length);
  if (held === 0) return x;
  const zeros = graph.constant('float32', [batch, held, width], new Float32Array(batch * held * width));
  return held === length ? zeros : concat([zeros, slice(x, 1, 0, length - held)], 1);
}

const lastOperator: Operator = {
  name: 'lastStates',
  infer: ([x, before]) => [{ dtype: x!.dtype, shape: [dimAt(x!.shape, 0), dimAt(before!.shape, 1), dimAt(x!.shape, 2)] }],
  emit: ({ inputs: [x, before, counts], outputs }, writer) => {
    const make = (type: string, from: readonly (Value | string)[], attributes = {}): string => {
      const name = writer.temporary();
      writer.node(type, from, [name], attributes);
      return name;
    };
    const reach = staticDim(before!.shape, 1);
    const joined = make('Concat', [before!, x!], { axis: 1 });
    if (!counts) {
      const one = (number: bigint): string => writer.constant('int64', [1], BigInt64Array.of(number));
      writer.node('Slice', [joined, one(BigInt(-reach)), one(2n ** 62n), one(1n)], outputs);
      return;
    }
    const places = writer.constant('int64', [1, reach], BigInt64Array.from({ length: reach }, (_, at) => BigInt(at)));
    const ends = make('Unsqueeze', [counts, writer.constant('int64', [1], BigInt64Array.of(1n))]);
    const indices = make('Unsqueeze', [make('Add', [ends, places]), writer.constant('int64', [1], BigInt64Array.of(2n))]);
    writer.node('GatherND', [joined, indices], outputs, { batch_dims: 1 });
  },
};

/**
 * The last of what stands before and of the first `counts` [batch] (int64) positions of x (null: of all), as many as
 * stood before: [batch, reach, width]. May be written over `before`.
 */
export function lastStates(x: Value, before: Value, counts: Value | null): Value {
  return apply(lastOperator, counts ? [x, before, counts] : [x, before], {});
}
