import { made } from '../onnx/node-writer.ts';
import { dimAt, staticDim } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';
import { firstOf } from './cache-rows.ts';
import { lengthAlong } from './distances.ts';
import { reshape } from './layout.ts';

const chunksOperator: Operator<{ size: number }> = {
  name: 'inChunks',
  infer: ([x], { size }) => {
    if (x!.rank !== 3) throw new Error('expected [batch, sequence, width]');
    const length = dimAt(x!.shape, 1);
    return [{ dtype: x!.dtype, shape: [dimAt(x!.shape, 0), typeof length === 'number' ? Math.ceil(length / size) : 'chunks', size, staticDim(x!.shape, 2)] }];
  },
  emit: ({ inputs: [x], outputs, attributes: { size } }, writer) => {
    const int64 = (...numbers: number[]): string => writer.constant('int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
    const length = made(writer, 'Gather', [made(writer, 'Shape', [x!]), int64(1)]);
    const missing = made(writer, 'Mod', [made(writer, 'Neg', [length]), int64(size)]);
    const whole = made(writer, 'Pad', [x!, made(writer, 'Concat', [int64(0, 0, 0, 0), missing, int64(0)], { axis: 0 })]);
    writer.node('Reshape', [whole, int64(0, -1, size, staticDim(x!.shape, 2))], outputs);
  },
};

/** x [batch, sequence, width] cut into [batch, chunks, size, width], zeros behind its end; the length may stay open. */
export function inChunks(x: Value, size: number): Value {
  return apply(chunksOperator, [x], { size });
}

/** Undoes it: chunks [batch, chunks, size, width] as one sequence, as long as `like` [batch, sequence, ...]. */
export function outOfChunks(chunks: Value, like: Value): Value {
  const [batch, count, size, width] = [dimAt(chunks.shape, 0), dimAt(chunks.shape, 1), staticDim(chunks.shape, 2), staticDim(chunks.shape, 3)];
  const length = lengthAlong(like, 1);
  const joined = reshape(chunks, [batch, typeof count === 'number' ? count * size : 'padded', width]);
  return firstOf(joined, 1, reshape(length.count, [1]), length.dim);
}
