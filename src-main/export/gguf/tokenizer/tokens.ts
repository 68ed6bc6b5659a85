import type { Tokenizer } from '../../../text/tokenizer/tokenizer.ts';

/** Values of `tokenizer.ggml.token_type`. */
export const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Listed { readonly text: string; readonly type: number }

/** Tokens that files mark as ordinary ones and that are none, as llama.cpp's converter sees them. */
const LOOKS_SPECIAL = /^(<pad>|<mask>|<2mass>|\[@BOS@\]|<\|.*\|>|<｜.*｜>|<unused.*>)$/s;

/** Every row of the embedding as a token. @param typeOf  of one that is not added */
export function listTokens(tokenizer: Tokenizer, rows: number, typeOf: (text: string, id: number) => number): Listed[] {
  const added = new Set(tokenizer.addedIds());
  const special = new Set(tokenizer.specialIds());
  return Array.from({ length: rows }, (_, id): Listed => {
    const text = tokenizer.tokenOf(id);
    const filler = `[PAD${id}]`;
    // A list that has no gaps, as Unigram's, keeps the fillers that a GGUF file brought.
    if (text === undefined || (text === filler && !added.has(id))) return { text: filler, type: TYPE.unused };
    if (!added.has(id)) return { text, type: typeOf(text, id) };
    if (special.has(id) || LOOKS_SPECIAL.test(text)) return { text, type: TYPE.control };
    return { text: text.replaceAll('\u2581', ' '), type: TYPE.userDefined };
  });
}
