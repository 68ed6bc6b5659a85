import { toByteAlphabet } from './byte-alphabet.ts';
import { NUMERIC, PUNCTUATION, WHITE_SPACE, WORDS_AND_MARKS } from './characters.ts';
import type { Field } from './field.ts';
import { metaspace } from './metaspace.ts';
import { byCharacter, byExpression, byText, inverted, readPattern } from './pattern.ts';
import { splitter, type Piece, type PreTokenizer } from './pieces.ts';
import { contiguous, isolated, readBehavior, removed } from './split-behavior.ts';

/** Reads the field `pre_tokenizer`; none leaves a text in one piece. */
export function readPreTokenizer(field: Field): PreTokenizer {
  if (field.isAbsent) return (pieces) => [...pieces];
  const type = field.at('type').text();
  const read = Object.hasOwn(PRE_TOKENIZERS, type) ? PRE_TOKENIZERS[type]! : field.at('type').refuse(`is ${JSON.stringify(type)}, a pre-tokenizer that Retort does not have`);
  return read(field);
}

const PRE_TOKENIZERS: Readonly<Record<string, (field: Field) => PreTokenizer>> = {
  BertPreTokenizer: () => inOrder([splitter(byCharacter(WHITE_SPACE), removed), splitter(byCharacter(PUNCTUATION), isolated)]),
  ByteLevel: byteLevel,
  CharDelimiterSplit: (field) => splitter(byText(field.at('delimiter').character()), removed),
  Digits: (field) => splitter(byCharacter(NUMERIC), field.at('individual_digits').flag() ? isolated : contiguous),
  FixedLength: (field) => {
    const length = field.at('length').isAbsent ? 5 : field.at('length').count();
    if (length === 0) field.at('length').refuse('is 0, which would cut a text into nothing');
    return splitter(byExpression(new RegExp(`.{1,${length}}`, 'gsu')), isolated);
  },
  Metaspace: metaspace,
  Punctuation: (field) => splitter(byCharacter(PUNCTUATION), field.at('behavior').isAbsent ? isolated : readBehavior(field.at('behavior'))),
  Sequence: (field) => inOrder(field.at('pretokenizers').list().map(readPreTokenizer)),
  Split: (field) => {
    const pattern = readPattern(field.at('pattern'));
    return splitter(field.at('invert').flag() ? inverted(pattern) : pattern, readBehavior(field.at('behavior')));
  },
  Whitespace: () => splitter(inverted(byExpression(WORDS_AND_MARKS)), removed),
  WhitespaceSplit: () => splitter(byCharacter(WHITE_SPACE), removed),
};

/** GPT-2's splitting. */
const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function byteLevel(field: Field): PreTokenizer {
  const split = field.at('use_regex').flag(true) ? splitter(byExpression(GPT2), isolated) : (pieces: readonly Piece[]): readonly Piece[] => pieces;
  const addsSpace = field.at('add_prefix_space').flag();
  const spaced = ({ text, atStart }: Piece): Piece => ({ text: addsSpace && !text.startsWith(' ') ? ` ${text}` : text, atStart });
  return (pieces) => split(pieces.map(spaced)).map(({ text, atStart }) => ({ text: toByteAlphabet(text), atStart }));
}

function inOrder(parts: readonly PreTokenizer[]): PreTokenizer {
  return (pieces) => parts.reduce<Piece[]>((result, part) => part(result), [...pieces]);
}
