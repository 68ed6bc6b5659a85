import type { Encoding } from './encoding.ts';
import { INT4, INT8 } from './own-blocks.ts';
import { BF16, F16, F32 } from './plain.ts';
import { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 } from './simple-blocks.ts';
import { Q2_K, Q3_K, Q4_K, Q5_K, Q6_K } from './super-blocks.ts';
import { IQ4_NL, IQ4_XS, MXFP4 } from './table-blocks.ts';

/** By the names that safetensors and GGUF files give them; INT8 and INT4 are made of a model's floats when it is opened. */
export const ENCODINGS = { F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4, INT8, INT4 } as const satisfies Readonly<Record<string, Encoding>>;

export type EncodingName = keyof typeof ENCODINGS;
/** Those in which files are. */
export type FileEncoding = Exclude<EncodingName, 'INT8' | 'INT4'>;
