import type { Field } from './field.ts';
import { byText } from './pattern.ts';
import { splitter, type Piece, type PreTokenizer } from './pieces.ts';
import { mergedWithNext } from './split-behavior.ts';

const SCHEMES = ['first', 'always', 'never'] as const;
type Scheme = typeof SCHEMES[number];

/** SentencePiece's spaces: written as a mark, one more in front where the scheme says so, and split before each. */
export function metaspace(field: Field): PreTokenizer {
  const mark = field.at('replacement').character();
  const scheme = readScheme(field);
  const split = field.at('split').flag(true)
    ? splitter(byText(mark), mergedWithNext)
    : (pieces: readonly Piece[]): Piece[] => [...pieces];
  return (pieces) => split(pieces.map(({ text, atStart }) => {
    const marked = text.replaceAll(' ', mark);
    const addsMark = !marked.startsWith(mark) && (scheme === 'always' || (scheme === 'first' && atStart));
    return { text: addsMark ? mark + marked : marked, atStart };
  }));
}

/** Files from before `prepend_scheme` say `add_prefix_space`. */
export function readScheme(field: Field): Scheme {
  const named = field.at('prepend_scheme');
  const scheme = named.value === undefined ? 'always' : SCHEMES.find((one) => one === named.value) ?? named.refuseKind('"first", "always" or "never"');
  if (field.at('add_prefix_space').flag(true)) return scheme;
  return named.value === undefined || scheme === 'never' ? 'never' : field.at('add_prefix_space').refuse(`is false, and prepend_scheme is "${scheme}"`);
}
