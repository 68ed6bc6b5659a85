import { cacheBytes } from '../decode/kv-cache.ts';
import { countParameters, type ParameterSpec } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';

const FLOAT = 4;

/**
 * What writing text takes beside the weights: the copy of them that ONNX Runtime packs for its products, and the cache of
 * keys and values. @param rows  texts written at once, @param length  tokens of the longest, prompt and all
 */
export function writingBytes(decoder: Decoder, parameters: readonly ParameterSpec[], rows: number, length: number): { decoding: number; cache: number } {
  return { decoding: FLOAT * countParameters(parameters), cache: rows * cacheBytes(decoder, length) };
}
