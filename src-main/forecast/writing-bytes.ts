import { cacheBytes } from '../decode/kv-cache.ts';
import type { Decoder } from '../nn/decoder.ts';

/**
 * What writing text takes beside the weights: what is packed of them, and the cache of keys and values.
 * @param rows  texts written at once, @param length  tokens of the longest, prompt and all
 */
export function writingBytes(decoder: Decoder, packed: number, rows: number, length: number): { decoding: number; cache: number } {
  return { decoding: packed, cache: rows * cacheBytes(decoder, length) };
}
