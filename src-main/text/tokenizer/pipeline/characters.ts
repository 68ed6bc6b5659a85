/** What the tokenizers library means by its classes of characters. */
export const WHITE_SPACE = /\p{White_Space}/u;
export const NUMERIC = /\p{N}/u;
export const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/u;

/** `\w` of Rust's regular expressions. */
const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
export const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');
export const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');
export const WORDS_AND_MARKS = new RegExp(`${WORD}+|[^\\p{White_Space}${WORD.slice(1, -1)}]+`, 'gu');

export const LEADING_SPACE = /^\p{White_Space}+/u;

/** How many code units of white space end `text`. */
export function trailingSpace(text: string): number {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.length - end;
}

/** Lower case of each character by itself: a sigma at a word's end is no other than one within it. */
export function lowerCase(text: string): string {
  return text.includes('Σ') ? Array.from(text, (character) => character.toLowerCase()).join('') : text.toLowerCase();
}
