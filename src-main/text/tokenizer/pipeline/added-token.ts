import type { Field } from './field.ts';

/** A token added to the vocabulary: it stands in a text as it is written, whatever the model would make of it. */
export interface AddedToken {
  readonly content: string;
  /** Not within a word. */
  readonly singleWord: boolean;
  /** With the white space before it, behind it. */
  readonly takesLeft: boolean;
  readonly takesRight: boolean;
  /** Looked for in the normalized text, in its own normalized form. */
  readonly normalized: boolean;
  /** Left out where special tokens are skipped. */
  readonly special: boolean;
}

/** Reads one entry of `added_tokens` or `added_tokens_decoder`. */
export function readAddedToken(field: Field): AddedToken {
  const special = field.at('special').flag(false);
  return {
    content: field.at('content').text(),
    singleWord: field.at('single_word').flag(false),
    takesLeft: field.at('lstrip').flag(false),
    takesRight: field.at('rstrip').flag(false),
    normalized: field.at('normalized').flag(!special),
    special,
  };
}
