import { utf8 } from '../pipeline/byte-alphabet.ts';

/** The token of each byte, `<0xE2>`. */
export const BYTE_TOKENS: readonly string[] = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** The ids of a text's bytes; null where the vocabulary lacks one of them. */
export function byteTokens(text: string, ids: ReadonlyMap<string, number>): number[] | null {
  const found: number[] = [];
  for (const byte of utf8(text)) {
    const id = ids.get(BYTE_TOKENS[byte]!);
    if (id === undefined) return null;
    found.push(id);
  }
  return found;
}
