import type { Model } from '../../model/load-model.ts';

/** A prompt as a program hands it to the model's tokenizer: with its template's marks, without what the tokenizer adds to any text. */
export function openingPrompt({ tokenizer, decoder }: Model, prompt: Int32Array): { text: string; isChat: boolean } {
  const plain = tokenizer.decode([...prompt], { skipSpecial: true });
  if (decoder.encoder) return { text: plain, isChat: false };
  const added = tokenizer.encode('', { special: true })[0];
  const text = tokenizer.decode([...prompt.subarray(added !== undefined && added === prompt[0] ? 1 : 0)], { skipSpecial: false });
  return { text, isChat: text !== plain };
}
