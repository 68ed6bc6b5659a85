import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { Pipeline } from '../../src-main/text/tokenizer/pipeline/pipeline.ts';

const MODEL = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] };
const WHOLE = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, model: MODEL };

function read(change: JsonObject): Pipeline {
  return new Pipeline({ ...WHOLE, ...change }, 'tokenizer.json');
}

const added = (id: unknown, content = '<x>'): JsonObject => ({ added_tokens: [{ id, content, special: true }] });
const split = (Regex: string): JsonObject => ({ pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } });

const REFUSED: readonly (readonly [string, JsonObject, string])[] = [
  ['an id that would need an array of gigabytes', { model: { ...MODEL, vocab: { a: 2147483648 } } }, 'model.vocab gives "a" the id 2147483648; an id is a whole number from 0 to 16777215'],
  ['an id below 0', { model: { ...MODEL, vocab: { a: -1 } } }, 'model.vocab gives "a" the id -1'],
  ['an id beyond the whole numbers', added(2 ** 53), 'added_tokens[0] gives "<x>" the id 9007199254740992'],
  ['an id that is a text', { model: { ...MODEL, vocab: { a: '0' } } }, 'model.vocab gives "a" the id "0"'],
  ['an id of two tokens', { model: { ...MODEL, vocab: { a: 0, b: 0 } } }, 'model.vocab gives the id 0 to both "a" and "b"'],
  ['an added token out of its place', added(7), 'added_tokens[0] gives "<x>" the id 7, and by its place it has the id 3'],
  ['a merge of what is not there', { model: { ...MODEL, merges: [['a', 'c']] } }, 'model.merges has a rule, number 0, that needs "c", which is not in the vocabulary'],
  ['a merge that is no pair', { model: { ...MODEL, merges: ['a b c'] } }, 'model.merges has "a b c" as rule 0, which is no pair of tokens'],
  ['dropout', { model: { ...MODEL, dropout: 0.1 } }, 'model.dropout is set'],
  ['a model of no kind', { model: 3 }, 'model must be an object, and is 3'],
  ['a missing model', { model: undefined }, 'model is missing; it must be an object'],
  ['an unknown normalizer', { normalizer: { type: 'Mystery' } }, 'normalizer.type is "Mystery", a normalizer that Retort does not know'],
  ['a normalizer that is a text', { normalizer: 'NFC' }, 'normalizer must be an object, and is "NFC"'],
  ['an inherited name', { normalizer: { type: 'constructor' } }, 'normalizer.type is "constructor"'],
  ['a broken table of SentencePiece', { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, 'normalizer.precompiled_charsmap is no compiled table'],
  ['a pre-tokenizer that Retort lacks', { pre_tokenizer: { type: 'UnicodeScripts' } }, 'pre_tokenizer.type is "UnicodeScripts", a pre-tokenizer that Retort does not have'],
  ['an unknown behavior', { pre_tokenizer: { type: 'Punctuation', behavior: 'Odd' } }, 'pre_tokenizer.behavior must be one of Isolated, Removed,'],
  ['a regular expression that is none', split('(a'), 'pre_tokenizer.pattern.Regex is a regular expression that cannot be run here'],
  ['letters that are one where case does not count', split('(?i:ss)'), 'pre_tokenizer.pattern.Regex ignores case and holds "ss"'],
  ['a post-processor without its parts', { post_processor: { type: 'TemplateProcessing', single: [1], pair: [], special_tokens: {} } }, 'post_processor.single[0] must be an object, and is 1'],
  ['a template of a token that is not listed', { post_processor: { type: 'TemplateProcessing', single: [{ SpecialToken: { id: '<s>', type_id: 0 } }], pair: [], special_tokens: {} } },
    'post_processor.single[0].SpecialToken.id is "<s>", which special_tokens does not list'],
  ['a list where an object belongs', { post_processor: { type: 'Sequence', processors: 4 } }, 'post_processor.processors must be a list, and is 4'],
  ['a decoder without its field', { decoder: { type: 'Strip', content: ' ' } }, 'decoder.start is missing; it must be a whole number from 0'],
  ['a token without a text', { added_tokens: [{ id: 3 }] }, 'added_tokens[0].content is missing; it must be a text'],
  ['a token that vanishes', { ...added(3, ' '), added_tokens: [{ id: 3, content: ' ', normalized: true }], normalizer: { type: 'Strip', strip_left: true, strip_right: true } }, 'added_tokens has " ", of which the normalizer leaves nothing'],
];

describe('a tokenizer.json that cannot be followed', () => {
  it.each(REFUSED)('is refused for %s', (_, change, message) => {
    expect(() => read(change)).toThrow(Problem);
    expect(() => read(change)).toThrow(`tokenizer.json is not understood: ${message}`);
  });

  it('is refused for an unknown character without a token for such', () => {
    const unigram = read({ model: { type: 'Unigram', vocab: [['a', -1]], unk_id: null } });
    expect(unigram.encode(['aa'], false).ids).toEqual([0, 0]);
    expect(() => unigram.encode(['ab'], false)).toThrow('model.unk_id names no token of the vocabulary, and "b" is unknown');
  });

  it('cannot hang on a long text by a pattern that is plain enough for short ones', () => {
    const pipeline = read(split('a*a*a*b'));
    expect(pipeline.encode(['aab'], false).ids).toEqual([0, 2]);
    expect(() => pipeline.encode(['a'.repeat(20_000)], false)).toThrow('The tokenizer\'s pattern "a*a*a*b" took longer than 5 seconds on the text "aaaa');
  });

  it('is refused in one sentence whatever value stands anywhere', () => {
    const drawn = JSON.parse(readFileSync('test/fixtures/tokenizers/pipelines.json', 'utf8')) as { tokenizer: JsonObject }[];
    for (const { tokenizer } of drawn.filter((_, at) => at % 3 === 0)) {
      for (const path of paths(tokenizer)) {
        for (const value of [null, 7, -1, 'x', [], {}, [1], true]) {
          const text = outcome(changed(tokenizer, path, value));
          expect(text, `${path.join('.')} = ${JSON.stringify(value)}`).toMatch(/^(ids|tokenizer\.json is not understood: .+\.$)/s);
        }
      }
    }
  });
});

/** Where values stand, but for the entries of long lists and tables. */
function paths(value: unknown, depth = 0): string[][] {
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.entries(value).slice(0, 12).flatMap(([key, child]) => [[key], ...paths(child, depth + 1).map((path) => [key, ...path])]).slice(0, 60);
}

function changed(json: unknown, [key, ...rest]: readonly string[], value: unknown): JsonObject {
  const copy = (Array.isArray(json) ? [...json as unknown[]] : { ...json as JsonObject }) as Record<string, unknown>;
  copy[key!] = rest.length === 0 ? value : changed(copy[key!], rest, value);
  return copy;
}

function outcome(json: JsonObject): string {
  try {
    const pipeline = new Pipeline(json, 'tokenizer.json');
    return `ids ${pipeline.decode(pipeline.encode(['The student <s>\n'], true).ids, true)}`;
  } catch (error) {
    return error instanceof Problem ? error.message : `no problem but ${String(error)}`;
  }
}
