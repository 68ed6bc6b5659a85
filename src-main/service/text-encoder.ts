import type { TextEncoder } from '../text/encode.ts';
import type { Model } from '../model/load-model.ts';

/** How a model's tokenizer cuts texts. @param isChat  the text is a chat template's, which has written special tokens itself */
export function encoderOf({ tokenizer, decoder }: Model, isChat: boolean): TextEncoder {
  const encode = (text: string): readonly number[] => tokenizer.encode(text, { special: false });
  const [eosId] = tokenizer.eosIds;
  return {
    encode, opening: isChat ? [] : openingOf(tokenizer),
    encodePrompt: isChat ? encode : (text) => tokenizer.encode(text, { special: true }),
    decode: (ids) => tokenizer.decode(ids, { skipSpecial: false }),
    bosId: tokenizer.bosId, eosId: eosId!, eosIds: tokenizer.eosIds, specialIds: new Set(tokenizer.specialIds()),
    isApart: decoder.encoder !== null, endsItself: isChat,
  };
}

/** Special tokens that a tokenizer puts before any text. */
function openingOf(tokenizer: Model['tokenizer']): number[] {
  const [bare, whole] = [false, true].map((special) => tokenizer.encode('a', { special })) as [number[], number[]];
  const start = whole.findIndex((_, at) => bare.every((id, offset) => whole[at + offset] === id));
  return whole.slice(0, Math.max(0, start));
}
