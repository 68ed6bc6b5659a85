import type { WeightPrecision } from '../contract/model-description.ts';
import type { FloatFormat } from './float-formats.ts';
import type { TensorInfo } from './safetensors-read.ts';

const FORMATS = {
  fp32: { format: 'F32', dtype: 'float32' }, fp16: { format: 'F16', dtype: 'float16' }, bf16: { format: 'BF16', dtype: 'bfloat16' },
} as const satisfies Record<WeightPrecision, { format: FloatFormat; dtype: string }>;

/** The names of a precision in safetensors (`format`) and in `config.json` (`dtype`). */
export function namesOf(precision: WeightPrecision): { format: FloatFormat; dtype: string } {
  return FORMATS[precision];
}

/** The precision that loses nothing of what is stored. */
export function storedPrecision(tensors: readonly TensorInfo[]): WeightPrecision {
  const formats = new Set(tensors.map(({ dtype }) => dtype));
  const [only] = formats;
  if (formats.size > 1) return 'fp32';
  return only === 'F16' ? 'fp16' : only === 'BF16' ? 'bf16' : 'fp32';
}
