import { DTYPES } from '../../graph/dtype.ts';
import type { Port } from '../../graph/onnx/write.ts';
import { sizeOf } from '../../graph/shape.ts';
import { tensorOf, type Tensor } from '../../runtime/tensor.ts';

/** Room in memory of this process for what a step tells. @param rows  the size of dimensions that are left open */
export function onHost({ dtype, shape }: Port, rows: number): Tensor {
  const whole = shape.map((dim) => (typeof dim === 'number' ? dim : rows));
  return tensorOf(dtype, whole, new Uint8Array(sizeOf(whole) * DTYPES[dtype].bytes));
}
