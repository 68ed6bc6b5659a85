import type { Guide } from '../guide.ts';
import { calculate, showResult } from './arithmetic.ts';

/** What the calculator has to know of a tokenizer. Neither way do special tokens come in. */
export interface Spelling {
  decode(ids: readonly number[]): string;
  encode(text: string): number[];
}

/** An annotation up to its equals sign, at the end of a text. */
const ANNOTATION = /<<([^<>=]+)=$/;

/** Texts that a token may follow in, so that tokenizers which begin every text with a space can be held to none. */
const ANCHORS = ['=', ''];

/**
 * Does the sums in GSM8K's calculator annotations, as its authors do (Cobbe et al. 2021): where a text has come to
 * `<<48/2=`, its next tokens are `24>>`, whatever the model would have chosen. What is no arithmetic is left to the
 * model.
 */
export function calculator(spelling: Spelling): () => Guide {
  /** Whether an id can end a text that is to be looked at: most tokens cannot, and cost a look into this map. */
  const ends = new Map<number, boolean>();
  const endsWithEquals = (id: number): boolean => {
    const known = ends.get(id) ?? spelling.decode([id]).endsWith('=');
    ends.set(id, known);
    return known;
  };
  return () => {
    const written: number[] = [];
    return (token) => {
      written.push(token);
      if (!endsWithEquals(token)) return NOTHING;
      const text = spelling.decode(written);
      const result = resultFor(text);
      const forced = result === null ? NOTHING : tokensAfter(text, written, `${result}>>`, spelling);
      written.push(...forced);
      return forced;
    };
  };
}

/** Whether a tokenizer has the characters of an annotation: T5's has no `<`, so that no text ever comes to one. */
export function canAnnotate({ decode, encode }: Spelling): boolean {
  return decode(encode('2<<1+1=2>>2')) === '2<<1+1=2>>2';
}

const NOTHING: readonly number[] = [];

function resultFor(text: string): string | null {
  const expression = ANNOTATION.exec(text)?.[1];
  const value = expression === undefined ? null : calculate(expression);
  return value === null ? null : showResult(value);
}

/** Tokens that say `more` behind the text; none where the tokenizer has no way to. */
function tokensAfter(text: string, written: readonly number[], more: string, { decode, encode }: Spelling): readonly number[] {
  for (const anchor of ANCHORS) {
    const before = encode(anchor);
    const tokens = encode(`${anchor}${more}`);
    const forced = tokens.slice(before.length);
    if (before.every((id, at) => id === tokens[at]) && decode([...written, ...forced]) === `${text}${more}`) return forced;
  }
  return NOTHING;
}
