import type { DType } from '../../../graph/dtype.ts';
import { DTYPES } from '../../../graph/dtype.ts';
import { real, type Encoding } from './encoding.ts';

const plain = (dtype: DType): Encoding => ({ elements: 1, bytes: DTYPES[dtype].bytes, halves: [], views: [dtype], unpack: ([rows]) => real(rows!) });

export const F32 = plain('float32');
export const F16 = plain('float16');
export const BF16 = plain('bfloat16');
