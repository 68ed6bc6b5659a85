import { fromByteAlphabet } from '../tokenizer/pipeline/byte-alphabet.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Bytes as a string of characters up to U+00FF, a byte each, so that they can be joined, compared and looked up. */
export type Bytes = string;

const bytesOf = (bytes: Iterable<number>): Bytes => Buffer.from([...bytes]).toString('latin1');

export const bytesOfText = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1');

/** The text of bytes; what is no character in them becomes replacement marks. */
export const textOf = (bytes: Bytes): string => Buffer.from(bytes, 'latin1').toString('utf8');

const BYTE_TOKEN = /^<0x[0-9a-fA-F]{2}>$/;

/**
 * What each token stands for within a text, by id, whatever way of spelling it the vocabulary has. Null where it stands
 * for no text: special tokens, and ids that no token has.
 */
export function tokenBytes(tokenizer: Tokenizer): (Bytes | null)[] {
  const special = new Set(tokenizer.specialIds());
  const added = new Set(tokenizer.addedIds());
  const anchor = tokenizer.encode('a', { special: false });
  const before = tokenizer.decode(anchor, { skipSpecial: false }).length;
  // Some decoders drop the space before the first token, so another one goes first.
  const within = (id: number): string => tokenizer.decode([...anchor, id], { skipSpecial: false }).slice(before);
  const isByteLevel = writesBytes(tokenizer, within);
  return Array.from({ length: tokenizer.vocabularySize }, (_, id) => {
    const spelled = tokenizer.tokenOf(id);
    if (spelled === undefined || special.has(id)) return null;
    const bytes = (): Bytes => {
      if (isByteLevel) return added.has(id) ? bytesOfText(spelled) : bytesOf(fromByteAlphabet(spelled));
      const text = within(id);
      return BYTE_TOKEN.test(spelled) && text !== spelled ? bytesOf([Number.parseInt(spelled.slice(3, 5), 16)]) : bytesOfText(text);
    };
    return bytes() || null;
  });
}

/** Whether the vocabulary is spelled in GPT-2's alphabet of bytes, seen on its space. */
function writesBytes(tokenizer: Tokenizer, within: (id: number) => string): boolean {
  if (tokenizer.kind === 'byte-level BPE') return true;
  const space = tokenizer.idOf('Ġ');
  return space !== undefined && within(space) === ' ';
}
