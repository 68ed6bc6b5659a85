import type { DType } from '../graph/dtype.ts';
import { DTYPES } from '../graph/dtype.ts';
import type { MappedBytes } from './mapping/mapped-file.ts';

export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

interface TensorType { readonly dtype: DType; readonly shape: readonly number[] }

/** Numbers with a shape. The data is a view: a program may read or write the caller's own memory. */
export interface Tensor extends TensorType { readonly data: TensorData }

/** A tensor of a file that is mapped into memory: programs read it by its address, and nothing writes to it. */
export interface MappedTensor extends TensorType { readonly mapped: MappedBytes }

/** What a program reads, wherever its numbers are stored. */
export type StoredTensor = Tensor | MappedTensor;

/** Bytes that a tensor's numbers take, wherever they are. */
export const bytesOf = (tensor: StoredTensor): number => ('mapped' in tensor ? tensor.mapped : tensor.data).byteLength;

/** A tensor in memory of this process: a copy of what is mapped. */
export function hostTensor(tensor: StoredTensor): Tensor {
  return 'mapped' in tensor ? tensorOf(tensor.dtype, tensor.shape, tensor.mapped.file.read(tensor.mapped)) : tensor;
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
  // Not by `slice`, which of Node's buffers makes no copy.
  const { buffer, byteOffset } = isAligned ? bytes : new Uint8Array(bytes);
  return { dtype, shape, data: viewOf(dtype, buffer as ArrayBuffer, byteOffset, bytes.byteLength / DTYPES[dtype].bytes) };
}

function viewOf(dtype: DType, buffer: ArrayBuffer, offset: number, length: number): TensorData {
  switch (dtype) {
    case 'float32': return new Float32Array(buffer, offset, length);
    case 'float16':
    case 'bfloat16': return new Uint16Array(buffer, offset, length);
    case 'int32': return new Int32Array(buffer, offset, length);
    case 'int64': return new BigInt64Array(buffer, offset, length);
    case 'int8': return new Int8Array(buffer, offset, length);
    case 'bool':
    case 'uint8': return new Uint8Array(buffer, offset, length);
  }
}
