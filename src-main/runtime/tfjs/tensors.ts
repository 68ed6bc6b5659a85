import { Problem } from '../../contract/problem.ts';
import type { DType } from '../../graph/dtype.ts';
import { sizeOf } from '../../graph/shape.ts';
import { hostTensor, type StoredTensor, type TensorData } from '../tensor.ts';
import type { Tf, TfTensor, TfType } from './library.ts';

/** TensorFlow.js has neither long nor short integers, nor halves: int64 and bytes are int32 there. */
const TYPES: Readonly<Record<DType, TfType | null>> = {
  float32: 'float32', int32: 'int32', int64: 'int32', uint8: 'int32', int8: 'int32', bool: 'bool', float16: null, bfloat16: null,
};

export function tfType(dtype: DType): TfType {
  const type = TYPES[dtype];
  if (type === null) throw new Problem(`TensorFlow.js has no numbers of ${dtype}.`, { hint: 'Choose the device "cpu", or weights of the precision fp32.' });
  return type;
}

/** Bytes that a tensor takes there. */
export const tfBytes = (dtype: DType, shape: readonly number[]): number => sizeOf(shape) * (tfType(dtype) === 'bool' ? 1 : 4);

/** A tensor of the host's numbers as they are now. */
export function fromHost(tf: Tf, stored: StoredTensor): TfTensor {
  const { dtype, shape, data } = hostTensor(stored);
  return tf.tensor(copied(dtype, data), shape, tfType(dtype));
}

/** TensorFlow computes in the memory that it is given, so it is given its own. */
function copied(dtype: DType, data: TensorData): Float32Array | Int32Array | Uint8Array {
  if (data instanceof BigInt64Array) return Int32Array.from(data, narrow);
  if (dtype === 'uint8' || dtype === 'int8') return Int32Array.from(data as Uint8Array);
  return data.slice() as Float32Array | Int32Array | Uint8Array;
}

function narrow(value: bigint): number {
  if (value > 0x7fffffffn || value < -0x80000000n) throw new Error(`${value} is no number of 32 bits`);
  return Number(value);
}

/** Writes a tensor's numbers into memory of the host. */
export function toHost(tensor: TfTensor, into: TensorData): void {
  const data = tensor.dataSync();
  if (data.length !== into.length) throw new Error(`${data.length} numbers for a tensor of ${into.length}`);
  if (into instanceof BigInt64Array) into.set(Array.from(data, BigInt));
  else into.set(data);
}
