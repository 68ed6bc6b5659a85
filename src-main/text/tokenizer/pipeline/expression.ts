import { toRegExp } from 'oniguruma-to-es';
import type { Field } from './field.ts';

/** What the translation may use: engines before 2023 lack sets of characters, and their substitutes cover less. */
const TARGET = 'unicodeSets' in RegExp.prototype ? 'ES2024' : 'ES2018';

/** Oniguruma's word characters; outside of brackets it takes six more of Latin-1 for such. */
const WORD = '[:word:]';
const LATIN = '\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be';
const IS_WORD = `[${WORD}${LATIN}]`;

const OUTSIDE: Readonly<Record<string, string>> = {
  '\\w': IS_WORD,
  '\\W': `[^${WORD}${LATIN}]`,
  '\\b': `(?:(?<=${IS_WORD})(?!${IS_WORD})|(?<!${IS_WORD})(?=${IS_WORD}))`,
  '\\B': `(?:(?<=${IS_WORD})(?=${IS_WORD})|(?<!${IS_WORD})(?!${IS_WORD}))`,
  '\\p{Word}': IS_WORD,
  '\\P{Word}': `[^${WORD}${LATIN}]`,
};
const INSIDE: Readonly<Record<string, string>> = { '\\w': WORD, '\\W': '[:^word:]', '\\p{Word}': WORD, '\\P{Word}': '[:^word:]' };

/** What Oniguruma takes for several letters, or for one, where case does not count: `ss` and ß, `fi` and the ligature. */
const JOINED_LETTERS = /ss|ff|fi|fl|st|[ßẞŉǰΐΰևẖ-ẚﬀ-ﬆﬓ-ﬗ]/i;

/** Reads one of Oniguruma's regular expressions, which the tokenizers library runs, as one of JavaScript's with the flag `g`. */
export function readExpression(field: Field): RegExp {
  const source = field.text();
  const letters = source.replace(/\\[pP]\{[^}]*\}/g, '');
  const joined = /\(\?[a-z]*i/.test(source) ? JOINED_LETTERS.exec(letters)?.[0] : undefined;
  if (joined !== undefined) field.refuse(`ignores case and holds ${JSON.stringify(joined)}, which is the same as other letters then; Retort does not do that`);
  try {
    return toRegExp(withWordCharacters(source), { global: true, target: TARGET });
  } catch (cause) {
    return field.refuse(`is a regular expression that cannot be run here: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Spells out what counts as a word character, which the translation takes from an older Oniguruma. */
function withWordCharacters(source: string): string {
  let depth = 0;
  return source.replace(/\\[pP]\{[^}]*\}|\\[^]|\[\^?\]?|\]/gu, (part) => {
    if (part.startsWith('[')) depth++;
    else if (part === ']') depth = Math.max(0, depth - 1);
    return (depth > 0 ? INSIDE : OUTSIDE)[part] ?? part;
  });
}
