import { integer } from '../contract/random.ts';
import { KEYS, TOKEN_KEYS } from '../nn/weights/dropout.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { MicroBatch } from './batch.ts';

/** A key for each token of a micro-batch, by its text's place in the step's batch: so the split into micro-batches changes none. */
export function dropoutKeys({ bucket, spans }: Pick<MicroBatch, 'bucket' | 'spans'>, seed: number, step: number): Record<string, Tensor> {
  const keys = (length: number, first: number): Tensor => {
    const data = new BigInt64Array(bucket.batch * length);
    spans.forEach(({ example }, row) => {
      for (let at = 0; at < length; at++) data[row * length + at] = BigInt(integer(seed, { purpose: 'dropout', step, example, index: first + at }, KEYS));
    });
    return { dtype: 'int64', shape: [bucket.batch, length], data };
  };
  const { length, source } = bucket;
  // The two texts of one example stand behind each other.
  return { [TOKEN_KEYS.text]: keys(length, 0), ...(source !== null && { [TOKEN_KEYS.source]: keys(source, 2 ** 31) }) };
}
