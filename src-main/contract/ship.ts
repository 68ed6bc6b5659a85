import { z } from 'zod';
import type { GgufType } from './gguf-types.ts';
import { help } from './help.ts';

/** Files that a student can be trained to be: of GGUF, and of all. */
export const SHIPPED_GGUF = ['q8_0', 'q6_k', 'q5_k_m', 'q4_k_m', 'q4_0', 'q3_k_m', 'q2_k'] as const satisfies readonly GgufType[];
export const SHIPPED_TYPES = [...SHIPPED_GGUF, 'int8', 'int4'] as const;
export type ShippedGguf = (typeof SHIPPED_GGUF)[number];
export type ShippedType = (typeof SHIPPED_TYPES)[number];

export const isOnnxType = (type: ShippedType): type is Exclude<ShippedType, ShippedGguf> => type === 'int8' || type === 'int4';

export const shipSchema = z.enum(SHIPPED_TYPES).optional().meta(help(
  'Train the student as this file will have it: a quantized type of GGUF (q4_k_m is what most people run; its mixtures are llama.cpp\'s, tensor by tensor), int8 or int4 of ONNX. It computes, writes and is evaluated with its weights rounded as the file rounds them, and learns through the rounding; checkpoints keep the exact weights. The export of that type then has the run\'s own numbers.'));
