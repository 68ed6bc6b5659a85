import { DTYPES } from '../../graph/dtype.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { Tensor, TensorData } from '../tensor.ts';

type TensorType = Pick<Tensor, 'dtype' | 'shape'>;

/** Bytes of a tensor's numbers, as the host has them. */
export const bytesFor = ({ dtype, shape }: TensorType): number => sizeOf(shape) * DTYPES[dtype].bytes;

/** @throws Error where data are not as many bytes as a tensor's numbers */
export function requireFit(tensor: TensorType, data: TensorData): void {
  if (bytesFor(tensor) !== data.byteLength) throw new Error(`${data.byteLength} bytes for a tensor of ${bytesFor(tensor)}`);
}
