import { utf8 } from '../pipeline/byte-alphabet.ts';

/** The ids of a text's bytes, written `<0xE2>`; null where the vocabulary lacks one of them. */
export function byteTokens(text: string, ids: ReadonlyMap<string, number>): number[] | null {
  const found: number[] = [];
  for (const byte of utf8(text)) {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    if (id === undefined) return null;
    found.push(id);
  }
  return found;
}
