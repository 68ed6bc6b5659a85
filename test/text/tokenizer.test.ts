import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { within } from '../../src-main/text/companions.ts';
import { readSpecialTexts } from '../../src-main/text/tokenizer/special-tokens.ts';
import { compareTokenizers } from '../../src-main/text/tokenizer/compare-tokenizers.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { fixture, MODELS, reference, temporaryFolder } from '../model/model-fixtures.ts';

const temporary = temporaryFolder();

/** A copy of a fixture with one JSON file changed. */
async function changed(from: string, name: string, file: string, change: (json: Record<string, unknown>) => void): Promise<string> {
  const folder = temporary.path(name);
  await cp(fixture(from), folder, { recursive: true });
  const json = JSON.parse(await readFile(join(folder, file), 'utf8')) as Record<string, unknown>;
  change(json);
  await writeFile(join(folder, file), JSON.stringify(json));
  return folder;
}

describe.each(MODELS)('tokenizer of %s', (name) => {
  const { texts, eos, bos, pad, length } = reference[name];

  it.each(texts)('encodes and decodes $text as Transformers', async ({ text, ids, plain, decoded, skipped }) => {
    const tokenizer = await loadTokenizer(fixture(name));
    expect(tokenizer.encode(text, { special: true })).toEqual(ids);
    expect(tokenizer.encode(text, { special: false })).toEqual(plain);
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(skipped);
  });

  it('knows its special tokens', async () => {
    const tokenizer = await loadTokenizer(fixture(name));
    expect([tokenizer.eosIds[0], tokenizer.bosId, tokenizer.padId, tokenizer.vocabularySize]).toEqual([eos, bos, pad, length]);
  });

  it('shows tokens so that they join to the text', async () => {
    const tokenizer = await loadTokenizer(fixture(name));
    const ids = tokenizer.encode('The student  writes a\nspirit', { special: false });
    expect(ids.map((id) => tokenizer.tokenText(id)).join('').trimStart()).toBe('The student  writes a\nspirit');
  });
});

describe('tokenizer', () => {
  it('shows part of a character as a replacement mark', async () => {
    const tokenizer = await loadTokenizer(fixture('qwen2'));
    const [first] = tokenizer.encode('🙂', { special: false });
    expect(tokenizer.tokenText(first!)).toBe('�');
  });

  it('takes several ends of text from generation_config.json, its own first', async () => {
    const { eosIds } = await loadTokenizer(fixture('qwen2'));
    expect(eosIds.map(Number)).toEqual([332, 330]);
  });

  // As AutoTokenizer of Transformers 5.24 said of the same three folders.
  it.each<[string, object, object, Record<string, string>]>([
    ['has its say where the config lists no tokens', { eos_token: 'a', bos_token: 'b' }, { eos_token: { content: 'c' }, pad_token: 'd' }, { eos_token: 'c', bos_token: 'b', pad_token: 'd' }],
    ['takes a role away', { eos_token: 'a', bos_token: 'b' }, { bos_token: null }, { eos_token: 'a' }],
    ['has none beside a config that lists them', { eos_token: 'a', added_tokens_decoder: {} }, { eos_token: 'c', bos_token: 'd' }, { eos_token: 'a' }],
  ])('special_tokens_map.json %s', async (_, config, map, texts) => {
    expect(await readSpecialTexts(within('m', { 'special_tokens_map.json': map as JsonObject }), config as JsonObject)).toEqual(texts);
  });

  it('takes the end of text from config.json where nothing else names it', async () => {
    const folder = await changed('gpt2', 'no-eos', 'tokenizer_config.json', (json) => { delete json['eos_token']; });
    expect((await loadTokenizer(folder)).eosIds).toEqual([50256]);
  });

  it('decodes nothing from ids that it does not have', async () => {
    const tokenizer = await loadTokenizer(fixture('qwen2'));
    expect(tokenizer.decode([349, 350], { skipSpecial: true })).toBe('');
  });

  it('says that tokenizer.json is missing', async () => {
    await expect(loadTokenizer(fixture('gpt2-old'))).rejects.toThrow(`${fixture('gpt2-old')} has no tokenizer.json`);
  });

  it('says what it does not understand in tokenizer.json', async () => {
    const folder = await changed('gpt2', 'strange', 'tokenizer.json', (json) => { json['pre_tokenizer'] = { type: 'Mystery' }; });
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer\.json is not understood: .*Mystery/);
  });

  it('knows its kind, also where tokenizer.json does not say it', async () => {
    const folder = await changed('gpt2', 'untyped', 'tokenizer.json', (json) => {
      json['model'] = { ...json['model'] as object, type: undefined, continuing_subword_prefix: '', unk_token: null };
    });
    const [gpt2, untyped, llama] = await Promise.all([fixture('gpt2'), folder, fixture('llama')].map(loadTokenizer));
    expect([gpt2!.kind, untyped!.kind, llama!.kind]).toEqual(['byte-level BPE', 'byte-level BPE', 'BPE']);
    expect(compareTokenizers(gpt2!, untyped!)).toEqual([]);
  });

  it('refuses a vocabulary without rules', async () => {
    const folder = await changed('gpt2', 'words', 'tokenizer.json', (json) => { json['model'] = { vocab: { a: 0 } }; });
    await expect(loadTokenizer(folder)).rejects.toThrow('tokenizer.json is not understood: model is none of BPE, Unigram, WordPiece and WordLevel.');
  });

  it('says where tokenizer.json is not JSON', async () => {
    const folder = temporary.path('broken');
    await cp(fixture('gpt2'), folder, { recursive: true });
    await writeFile(join(folder, 'tokenizer.json'), '{"model": ');
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer\.json is not JSON/);
    await rm(folder, { recursive: true });
  });
});

describe('compareTokenizers', () => {
  it('finds none between a tokenizer and itself, whatever ends its texts', async () => {
    const folder = await changed('qwen2', 'other-end', 'tokenizer_config.json', (json) => { json['eos_token'] = '<|endoftext|>'; });
    expect(compareTokenizers(await loadTokenizer(fixture('qwen2')), await loadTokenizer(folder))).toEqual([]);
  });

  it('names ids that differ', async () => {
    const [first, ...more] = compareTokenizers(await loadTokenizer(fixture('qwen2')), await loadTokenizer(fixture('llama')));
    expect(first).toBe('id 0 is "!" in one and "<unk>" in the other');
    expect(more).toHaveLength(4);
  });

  it('lets one have added tokens behind the last id of the other', async () => {
    const folder = await changed('qwen2', 'more-tokens', 'tokenizer_config.json', (json) => {
      json['added_tokens_decoder'] = { 333: { content: '<tool>', special: true, normalized: false } };
    });
    const [tokenizer, larger] = await Promise.all([fixture('qwen2'), folder].map(loadTokenizer));
    expect(larger!.encode('a<tool>', { special: false }).at(-1)).toBe(333);
    expect(compareTokenizers(tokenizer!, larger!)).toEqual([]);
    expect(compareTokenizers(larger!, tokenizer!)).toEqual([]);
  });

  it('names tokens that one lacks among those of both', async () => {
    let lacking = '';
    const folder = await changed('llama', 'fewer-tokens', 'tokenizer.json', (json) => {
      const model = json['model'] as { vocab: Record<string, number>; merges: [string, string][] };
      lacking = Object.keys(model.vocab).find((token) => model.vocab[token] === Object.keys(model.vocab).length - 2)!;
      delete model.vocab[lacking];
      model.merges = model.merges.filter(([first, second]) => ![first, second, first + second].includes(lacking));
    });
    const differences = compareTokenizers(await loadTokenizer(fixture('llama')), await loadTokenizer(folder));
    expect(differences[0]).toMatch(new RegExp(`^id \\d+ is "${lacking}" in one and missing in the other$`));
  });

  it('names tokens of the vocabulary proper that only one has', async () => {
    const own = await loadTokenizer(fixture('llama'));
    const folder = await changed('llama', 'more-words', 'tokenizer.json', (json) => {
      (json['model'] as { vocab: Record<string, number> }).vocab['stillhead'] = own.vocabularySize;
    });
    expect(compareTokenizers(await loadTokenizer(folder), own)).toEqual([`id ${own.vocabularySize} is "stillhead" in one and missing in the other`]);
  });

  it('names the first merge that differs', async () => {
    const folder = await changed('gpt2', 'other-merges', 'tokenizer.json', (json) => {
      (json['model'] as { merges: unknown[] }).merges.splice(3, 2);
    });
    const differences = compareTokenizers(await loadTokenizer(fixture('gpt2')), await loadTokenizer(folder));
    expect(differences).toEqual([expect.stringMatching(/^merge 3 is ".+ .+" in one and ".+ .+" in the other$/)]);
  });
});
