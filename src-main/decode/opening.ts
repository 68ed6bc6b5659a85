import type { Decoder } from '../nn/decoder.ts';

/** What a text begins with: its prompt, at least one token. */
export interface Opening {
  tokens: Int32Array;
  /** The beginning of the completion, where it is there already: it is read and not told again. Behind an encoder all of a batch are equally long. */
  begun?: Int32Array;
}

export interface SessionSize {
  /** Most rows at once. */
  rows: number;
  /** Most tokens that a row takes after what it begins with. */
  newTokens: number;
}

/** What a decoder has of a text before it writes: the prompt, or behind an encoder the start token, and what is begun. */
export function beginning({ encoder }: Decoder, { tokens, begun = new Int32Array() }: Opening): Int32Array {
  return Int32Array.from([...(encoder ? [encoder.startId] : tokens), ...begun]);
}
