import type { DType } from '../graph/dtype.ts';
import { DTYPES } from '../graph/dtype.ts';

export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

/** Numbers with a shape. The data is a view: a program may read or write the caller's own memory. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export function float32(data: Float32Array, shape: readonly number[]): Tensor {
  return { dtype: 'float32', shape, data };
}

export function int32(data: Int32Array, shape: readonly number[]): Tensor {
  return { dtype: 'int32', shape, data };
}

/** A fresh tensor of zeros. */
export function allocate(dtype: DType, shape: readonly number[]): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const buffer = new ArrayBuffer(size * DTYPES[dtype].bytes);
  return { dtype, shape, data: viewOf(dtype, buffer) };
}

function viewOf(dtype: DType, buffer: ArrayBuffer): TensorData {
  switch (dtype) {
    case 'float32': return new Float32Array(buffer);
    case 'float16': return new Uint16Array(buffer);
    case 'int32': return new Int32Array(buffer);
    case 'int64': return new BigInt64Array(buffer);
    case 'int8': return new Int8Array(buffer);
    case 'bool':
    case 'uint8': return new Uint8Array(buffer);
  }
}
