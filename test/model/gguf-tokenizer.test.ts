import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Metadata, type MetadataValue } from '../../src-main/model/gguf/metadata.ts';
import { PRE_TOKENIZERS } from '../../src-main/model/gguf/pre-tokenizers.ts';
import { planTokenizer, type TokenizerFiles } from '../../src-main/model/gguf/tokenizer-files.ts';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { Pipeline } from '../../src-main/text/tokenizer/pipeline/pipeline.ts';

interface ByteLevel { tokens: string[]; types: number[]; merges: string[]; texts: string[]; ids: Record<string, number[][]> }
interface SentencePiece { tokens: string[]; types: number[]; scores: number[]; texts: string[]; ids: number[][] }

const byteLevel = load('byte-level.json') as ByteLevel;
const sentencePiece = load('sentencepiece.json') as SentencePiece;

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/model-gguf/${name}`, import.meta.url), 'utf8'));
}

function plan(keys: Record<string, MetadataValue>): TokenizerFiles {
  const named = Object.entries(keys).map(([key, value]) => [key.startsWith('chat') ? `tokenizer.${key}` : `tokenizer.ggml.${key}`, value] as const);
  return planTokenizer(new Metadata('tiny.gguf', new Map(named)), { vocabSize: 1000, contextLength: 64 });
}

function byteLevelKeys(pre: string): Record<string, MetadataValue> {
  return { model: 'gpt2', pre, tokens: byteLevel.tokens, token_type: byteLevel.types, merges: byteLevel.merges, bos_token_id: 0, eos_token_id: 2 };
}

const sentencePieceKeys = {
  model: 'llama', tokens: sentencePiece.tokens, token_type: sentencePiece.types, scores: sentencePiece.scores,
  bos_token_id: 1, eos_token_id: 2, unknown_token_id: 0,
};

function tokenizerOf({ tokenizer }: TokenizerFiles): { encode(text: string): { ids: number[]; tokens: (string | undefined)[] }; decode(ids: readonly number[], skipSpecial?: boolean): string } {
  const pipeline = new Pipeline(tokenizer as JsonObject, 'tokenizer.json');
  const encode = (text: string): { ids: number[]; tokens: (string | undefined)[] } => {
    const { ids } = pipeline.encode([text], true);
    return { ids, tokens: ids.map((id) => pipeline.tokenOf(id)) };
  };
  return { encode, decode: (ids, skipSpecial = false) => pipeline.decode(ids, skipSpecial) };
}

describe('a byte-level tokenizer', () => {
  it.each(Object.entries(byteLevel.ids))('splits texts as %s does', (pre, ids) => {
    const tokenizer = tokenizerOf(plan({ ...byteLevelKeys(pre), add_bos_token: false }));
    expect(byteLevel.texts.map((text) => tokenizer.encode(text).ids)).toEqual(ids);
    expect(ids.map((each) => tokenizer.decode(each))).toEqual(byteLevel.texts.map((text) => (pre === 'qwen2' ? text.normalize('NFC') : text)));
  });

  it('tells special tokens from those that were only added', () => {
    const tokenizer = tokenizerOf(plan(byteLevelKeys('gpt-2')));
    expect(tokenizer.decode(tokenizer.encode('<|turn|>a<call><|end|>').ids, true)).toBe('a<call>');
  });

  it('puts BOS and EOS where the file, or else the pre-tokenizer, says', () => {
    const ends = (keys: Record<string, MetadataValue>): (number | undefined)[] => {
      const { ids } = tokenizerOf(plan(keys)).encode('a');
      return [ids[0], ids.at(-1)];
    };
    const a = byteLevel.tokens.indexOf('a');
    expect(ends(byteLevelKeys('gpt-2'))).toEqual([a, a]);
    expect(ends(byteLevelKeys('llama-bpe'))).toEqual([0, a]);
    expect(ends({ ...byteLevelKeys('llama-bpe'), add_bos_token: false })).toEqual([a, a]);
    expect(ends({ ...byteLevelKeys('gpt-2'), add_bos_token: true, add_eos_token: true })).toEqual([0, 2]);
  });

  it.each(Object.keys(PRE_TOKENIZERS))('splits by %s without losing anything', (pre) => {
    const tokenizer = tokenizerOf(plan({ ...byteLevelKeys(pre), add_bos_token: false }));
    for (const text of byteLevel.texts) expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(PRE_TOKENIZERS[pre]!.normalizer ? text.normalize('NFC') : text);
  });

  it('warns of a file that does not say how its texts are split', () => {
    const { pre: _, ...unsaid } = byteLevelKeys('gpt-2');
    expect(plan(unsaid).warnings).toEqual([expect.stringContaining('tokenizer.ggml.pre') as string]);
    expect(plan(byteLevelKeys('default')).warnings).toEqual([]);
  });

  it('is refused for a pre-tokenizer, a kind or a merge that is not known', () => {
    expect(() => plan(byteLevelKeys('bloom'))).toThrow(/tokenizer\.ggml\.pre is "bloom"/);
    expect(() => plan({ ...byteLevelKeys('gpt-2'), model: 'bert' })).toThrow(/tokenizer\.ggml\.model is "bert"/);
    expect(() => plan({ ...byteLevelKeys('gpt-2'), merges: ['a zz'] })).toThrow(/the merge "a zz"/);
    expect(() => plan({ ...byteLevelKeys('gpt-2'), merges: ['ab'] })).toThrow(/the merge "ab"/);
  });

  it('keeps all chat templates', () => {
    const config = (keys: Record<string, MetadataValue>): object => plan({ ...byteLevelKeys('gpt-2'), ...keys }).tokenizerConfig;
    expect(config({})).not.toHaveProperty('chat_template');
    expect(config({ chat_template: 'A' })).toHaveProperty('chat_template', 'A');
    expect(config({ chat_template: 'A', 'chat_template.tool_use': 'B' })).toHaveProperty('chat_template', [{ name: 'default', template: 'A' }, { name: 'tool_use', template: 'B' }]);
  });
});

describe('a SentencePiece tokenizer', () => {
  it('splits texts as SentencePiece does', () => {
    const tokenizer = tokenizerOf(plan({ ...sentencePieceKeys, add_bos_token: false }));
    expect(sentencePiece.texts.map((text) => tokenizer.encode(text).ids)).toEqual(sentencePiece.ids);
    expect(sentencePiece.ids.map((ids) => tokenizer.decode(ids))).toEqual(sentencePiece.texts);
  });

  it('joins runs of spaces that share a score, as Llama 2 has them', () => {
    const runs = ['\u2581\u2581', '\u2581\u2581\u2581\u2581', '\u2581\u2581\u2581'];
    const pieces = ['<unk>', '<s>', '</s>', '\u2581', 'a', 'b', ...runs];
    const tokenizer = tokenizerOf(plan({
      model: 'llama', tokens: pieces, token_type: [2, 3, 3, ...pieces.slice(3).map(() => 1)], scores: [0, 0, 0, -1, -2, -3, ...runs.map(() => -1e9)],
      bos_token_id: 1, eos_token_id: 2, unknown_token_id: 0, add_bos_token: false,
    }));
    expect(['  a', '   b', '    a'].map((text) => tokenizer.encode(text).tokens)).toEqual([
      ['\u2581\u2581\u2581', 'a'], ['\u2581\u2581\u2581\u2581', 'b'], ['\u2581\u2581\u2581\u2581', '\u2581', 'a'],
    ]);
  });

  it('begins with BOS unless the file says otherwise', () => {
    expect(tokenizerOf(plan(sentencePieceKeys)).encode('the').ids[0]).toBe(1);
  });

  it('adds no space in front if the file says so', () => {
    const tokenizer = tokenizerOf(plan({ ...sentencePieceKeys, add_space_prefix: false, add_bos_token: false }));
    expect(tokenizer.encode(' the').ids).toEqual(tokenizerOf(plan({ ...sentencePieceKeys, add_bos_token: false })).encode('the').ids);
    expect(tokenizer.decode(tokenizer.encode(' the').ids)).toBe(' the');
  });

  it('is refused where scores do not say how it splits', () => {
    const scores = (score: (id: number) => number): Record<string, MetadataValue> => ({ ...sentencePieceKeys, scores: sentencePiece.scores.map((_, id) => score(id)) });
    expect(() => plan(scores(() => -1000))).toThrow(/several pieces have the score -1000/);
    expect(() => plan(scores((id) => -id - 0.5))).toThrow(/not a rank/);
    expect(() => plan({ ...sentencePieceKeys, precompiled_charsmap: [1, 2] })).toThrow(/precompiled_charsmap/);
  });
});
