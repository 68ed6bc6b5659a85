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

/** A tensor over raw bytes, which are copied where their place does not suit the element type. */
export function tensorOf(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const isAligned = bytes.byteOffset % DTYPES[dtype].bytes === 0;
  const { buffer, byteOffset } = isAligned ? bytes : bytes.slice();
  return { dtype, shape, data: viewOf(dtype, buffer as ArrayBuffer, byteOffset, bytes.byteLength / DTYPES[dtype].bytes) };
}

function viewOf(dtype: DType, buffer: ArrayBuffer, offset: number, length: number): TensorData {
  switch (dtype) {
    case 'float32': return new Float32Array(buffer, offset, length);
    case 'float16': return new Uint16Array(buffer, offset, length);
    case 'int32': return new Int32Array(buffer, offset, length);
    case 'int64': return new BigInt64Array(buffer, offset, length);
    case 'bool':
    case 'uint8': return new Uint8Array(buffer, offset, length);
  }
}
