import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRows } from '../../src-main/data/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-conversations-'));
afterAll(() => rmSync(folder, { recursive: true }));

const turns = [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }];
const shared = [{ from: 'human', value: 'Hi' }, { from: 'gpt', value: 'Hello' }];
const rows = [{ messages: turns }, { messages: turns }];
const pretty = (value: unknown): string => JSON.stringify(value, null, 1);

test.each<[string, string, unknown]>([
  ['a list of conversations', pretty([turns, turns]), rows],
  ['the same on one line', JSON.stringify([turns, turns]), rows],
  ['a conversation a line', `${JSON.stringify(turns)}\n${JSON.stringify(turns)}\n`, rows],
  ['an object a line', `${JSON.stringify(rows[0])}\n${JSON.stringify(rows[1])}\n`, rows],
  ['"data" with conversations', pretty({ version: 1, data: [turns, turns] }), rows],
  ['"data" with objects', JSON.stringify({ data: rows }), rows],
  ['"conversations" of conversations', pretty({ conversations: [turns, turns] }), rows],
  ['another list of objects', JSON.stringify({ name: 'x', train: rows }), rows],
  ['one conversation', pretty({ id: 1, messages: turns }), [{ id: 1, messages: turns }]],
  ['one conversation on one line', JSON.stringify({ messages: turns }), [{ messages: turns }]],
  ['rows of ShareGPT', pretty([{ id: 'a', conversations: shared }]), [{ id: 'a', conversations: shared }]],
  ['one of ShareGPT', pretty({ id: 'a', conversations: shared }), [{ id: 'a', conversations: shared }]],
  ['one row on one line', '{"question": "a", "answer": "b"}', [{ question: 'a', answer: 'b' }]],
])('%s', async (_, content, expected) => {
  for (const name of ['file.json', 'download']) {
    writeFileSync(join(folder, name), content);
    expect(await readRows(join(folder, name))).toEqual(expected);
  }
});

test('two lists in one object may both be meant', async () => {
  writeFileSync(join(folder, 'two.json'), pretty({ train: rows, test: rows }));
  await expect(readRows(join(folder, 'two.json'))).rejects.toThrow('two.json holds no list of rows.');
});
