import type { TextEncoder } from '../../text/text-encoder.ts';
import type { Model } from '../../model/load-model.ts';

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

/** Special tokens that a tokenizer puts before any text, seen on one that its vocabulary can write. */
function openingOf(tokenizer: Model['tokenizer']): number[] {
  const special = new Set(tokenizer.specialIds());
  for (let id = -1; id < tokenizer.vocabularySize; id++) {
    if (special.has(id)) continue;
    const text = id < 0 ? 'a' : tokenizer.decode([id], { skipSpecial: false });
    const [bare, whole] = [false, true].map((around) => tokenizer.encode(text, { special: around })) as [number[], number[]];
    if (bare.length === 0) continue;
    return whole.slice(0, whole.findIndex((_, at) => bare.every((each, offset) => whole[at + offset] === each)));
  }
  return [];
}
