import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { bytesOfText, type Bytes } from './token-bytes.ts';

/** What may stand before a text: none of these runs into what follows it. */
const ANCHORS = ['\n', ':', 'a', '0', '.'];

/** Cuts a text as it is cut behind another one. What comes back need not be all of it: see `sameBytes`. */
export type EncodeBehind = (text: string) => readonly number[];

/** @param bytes  of the tokenizer's tokens */
export function encoderBehind(tokenizer: Tokenizer, bytes: readonly (Bytes | null)[]): EncodeBehind {
  const encode = (text: string): number[] => tokenizer.encode(text, { special: false });
  // Most tokenizers cut a text alike wherever it stands; SentencePiece's put a space before it where it begins.
  const probe = encode('b');
  if (sameBytes(probe, bytes, bytesOfText('b')).count === probe.length) return encode;
  const anchors = ANCHORS.map((anchor) => ({ anchor, before: encode(anchor) }));
  return (text) => {
    for (const { anchor, before } of anchors) {
      const ids = encode(anchor + text);
      if (!before.every((id, at) => ids[at] === id)) continue;
      const behind = ids.slice(before.length);
      if (behind.length === 0 || sameBytes(behind, bytes, bytesOfText(text)).count > 0) return behind;
    }
    return encode(text);
  };
}

/** How many tokens from the first on say what a text says, and where each of them begins in its bytes; the last entry is where they end. */
export function sameBytes(ids: readonly number[], bytes: readonly (Bytes | null)[], text: Bytes): { count: number; starts: number[] } {
  const starts = [0];
  for (const id of ids) {
    const [own, at] = [bytes[id], starts.at(-1)!];
    if (!own || !text.startsWith(own, at)) break;
    starts.push(at + own.length);
  }
  return { count: starts.length - 1, starts };
}
