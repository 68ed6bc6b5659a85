import { z } from 'zod';
import { help } from './help.ts';

/** Files that a student can be trained to be. */
export const SHIPPED_TYPES = ['q8_0', 'q4_0', 'int8', 'int4'] as const;
export type ShippedType = (typeof SHIPPED_TYPES)[number];

export const shipSchema = z.enum(SHIPPED_TYPES).optional().meta(help(
  'Train the student as this file will have it: q8_0 and q4_0 of GGUF, int8 and int4 of ONNX. It computes, writes and is evaluated with its weights rounded as the file rounds them, and learns through the rounding; checkpoints keep the exact weights. The export of that type then has the run\'s own numbers.'));
