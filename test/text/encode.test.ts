import { describe, expect, test } from 'vitest';
import { plainText } from '../../src-main/text/chat/marked-text.ts';
import { encodeText } from '../../src-main/text/encode.ts';
import type { TextEncoder } from '../../src-main/text/text-encoder.ts';
import { lengthsOf } from '../../src-main/text/text-lengths.ts';
import { summarizeLengths } from '../../src-main/text/length-summary.ts';

const [BOS, EOS] = [1, 2];
const codes = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

/** A token a character. */
const encoder = (withBos: boolean): TextEncoder => {
  const opening = withBos ? [BOS] : [];
  return {
    encode: codes, opening, encodePrompt: (text) => [...opening, ...codes(text)], decode: (ids) => String.fromCharCode(...ids),
    bosId: BOS, eosId: EOS, eosIds: [EOS], specialIds: new Set([BOS, EOS]), isApart: false, endsItself: false,
  };
};

const encode = (prompt: string, completion: string | null, maxPromptTokens: number, maxCompletionTokens = 9, withBos = true): number[][] => {
  const encoded = encodeText(plainText(prompt, completion), encoder(withBos), { maxPromptTokens, maxCompletionTokens });
  return [[...encoded.prompt], [...encoded.completion], [encoded.promptLength, encoded.completionLength]];
};

describe('an example', () => {
  test('that fits has its special tokens and its end', () => {
    expect(encode('abc', 'xy', 4, 3)).toEqual([[BOS, ...codes('abc')], [...codes('xy'), EOS], [4, 3]]);
    expect(encode('abc', 'xy', 3, 3, false)).toEqual([codes('abc'), [...codes('xy'), EOS], [3, 3]]);
  });

  test('whose prompt is too long loses its beginning, but not a BOS', () => {
    expect(encode('abcdef', '', 3)[0]).toEqual([BOS, ...codes('ef')]);
    expect(encode('abcdef', '', 3, 9, false)[0]).toEqual(codes('def'));
    expect(encode('abcdef', '', 1)[0]).toEqual(codes('f'));
  });

  test('whose completion is too long loses its end, and has no EOS then', () => {
    expect(encode('a', 'wxyz', 9, 4)[1]).toEqual(codes('wxyz'));
    expect(encode('a', 'wxyz', 9, 2)[1]).toEqual(codes('wx'));
  });

  test('that brings its own end has no second one', () => {
    expect(encode('a', `wx${String.fromCharCode(EOS)}`, 9)[1]).toEqual([...codes('wx'), EOS]);
    expect(encode('a', String.fromCharCode(EOS), 9)[1]).toEqual([EOS]);
    expect(encode('a', `w${String.fromCharCode(EOS)}\n`, 9)[1]).toEqual([...codes('w'), EOS, ...codes('\n'), EOS]);
    // The prompt's own end is not the completion's.
    expect(encode(`a${String.fromCharCode(EOS)}`, '', 9)[1]).toEqual([EOS]);
  });

  test('with an empty completion ends at once; without one there is nothing to learn', () => {
    expect(encode('a', '', 9)[1]).toEqual([EOS]);
    expect(encode('a', null, 9)[1]).toEqual([]);
  });
});

test('lengths are summed up as they were before cutting', () => {
  const examples = [['a'.repeat(10), 'xyz'], ['ab', ''], ['', 'x'.repeat(20)], ['abc', null]] as const;
  const encoded = examples.map(([prompt, completion]) =>
    encodeText(plainText(prompt, completion), encoder(false), { maxPromptTokens: 5, maxCompletionTokens: 8 }));
  expect(summarizeLengths(encoded.map(lengthsOf))).toEqual({
    examples: 4,
    prompt: { mean: 3.75, median: 2, p95: 10, p99: 10, max: 10 },
    completion: { mean: (4 + 1 + 21) / 3, median: 4, p95: 21, p99: 21, max: 21 },
    cutPrompts: 1, cutCompletions: 1, emptyPrompts: 1, emptyCompletions: 1,
  });
  expect(summarizeLengths([])).toMatchObject({ examples: 0, prompt: null, completion: null });
});

describe('a pair with a tokenizer that begins every text with a mark', () => {
  const MARK = '\u2581'.charCodeAt(0);
  const marking: TextEncoder = { ...encoder(false), encode: (text) => (text === '' ? [] : [MARK, ...codes(text)]), encodePrompt: (text) => [MARK, ...codes(text)] };
  const completionOf = (prompt: string, completion: string): number[] =>
    [...encodeText(plainText(prompt, completion), marking, { maxPromptTokens: 99, maxCompletionTokens: 99 }).completion];

  test.each([['A:', ' four'], ['A:', 'four'], ['A:\n', 'four'], ['four ', 'five'], ['four', ', five']])('is one text: %j and %j', (prompt, completion) => {
    expect(completionOf(prompt, completion)).toEqual([...codes(completion), EOS]);
  });

  test.each([['the cat', 'sat'], ['1', '2'], ['the cat', '  sat']])('is two texts where words would run together, or the second is indented: %j and %j', (prompt, completion) => {
    expect(completionOf(prompt, completion)).toEqual([MARK, ...codes(completion), EOS]);
  });
});

describe('a text of which several stretches are learned', () => {
  const marked = { text: 'a:1|b:2|', prompt: 'a:1|b:', spans: [{ start: 2, end: 4 }, { start: 6, end: 8 }], opening: null };
  const chat: TextEncoder = { ...encoder(false), endsItself: true, eosIds: ['|'.charCodeAt(0)] };

  test('has one completion, with a mask', () => {
    const encoded = encodeText(marked, chat, { maxPromptTokens: 99, maxCompletionTokens: 99 });
    expect([encoded.context, encoded.completion].map((ids) => String.fromCharCode(...ids))).toEqual(['a:', '1|b:2|']);
    expect([...encoded.learned!]).toEqual([1, 1, 0, 0, 1, 1]);
    expect(String.fromCharCode(...encoded.prompt)).toBe('a:1|b:');
  });

  test('ends behind the template\'s own end, where the words of a turn end with the same token', () => {
    const talk = { text: 'a:say ||b:2|', prompt: 'a:', spans: [{ start: 2, end: 8 }], opening: null };
    expect(String.fromCharCode(...encodeText(talk, chat, { maxPromptTokens: 99, maxCompletionTokens: 99 }).completion)).toBe('say ||');
  });

  test('is cut with its mask', () => {
    const encoded = encodeText(marked, chat, { maxPromptTokens: 99, maxCompletionTokens: 5 });
    expect([encoded.completion.length, [...encoded.learned!]]).toEqual([5, [1, 1, 0, 0, 1]]);
  });
});
