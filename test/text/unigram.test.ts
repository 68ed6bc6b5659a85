import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';

const FOLDER = 'test/fixtures/t5-tokenizer';
const cases = JSON.parse(readFileSync(`${FOLDER}/reference.json`, 'utf8')) as { text: string; ids: number[]; bare: number[]; decoded: string }[];

it.each(cases)('a Unigram tokenizer reads and writes $text as Transformers does', async ({ text, ids, bare, decoded }) => {
  const tokenizer = await loadTokenizer(FOLDER);
  expect(tokenizer.kind).toBe('Unigram');
  expect(tokenizer.encode(text, { special: true })).toEqual(ids);
  expect(tokenizer.encode(text, { special: false })).toEqual(bare);
  expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(decoded);
});
