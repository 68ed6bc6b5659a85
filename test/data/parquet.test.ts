import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { peekRows, readRows } from '../../src-main/data/read.ts';
import { rowsAsText } from '../support/as-text.ts';

const FIXTURES = new URL('../fixtures/data-files/', import.meta.url).pathname;

// The second file has no dictionaries, pages of the second version, and only Parquet's own types.
test.each(['types.parquet', 'types-plain.parquet'])('every type of %s is written as Python writes it', async (name) => {
  const expected = readFileSync(join(FIXTURES, 'types.jsonl'), 'utf8').trim().split('\n');
  const found = await rowsAsText(join(FIXTURES, name));
  expect(found.map((row) => row.replaceAll(',"', ',\n"'))).toEqual(expected.map((row) => row.replaceAll(',"', ',\n"')));
});

test('conversations come as lists of messages', async () => {
  expect((await readRows(join(FIXTURES, 'typed.parquet'))).map(({ messages, scores }) => ({ messages, scores }))).toEqual([
    { messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }], scores: [1, 2] },
    { messages: null, scores: [] },
  ]);
});

test('the deprecated INT96, what is no number and what is infinite', async () => {
  expect(await rowsAsText(join(FIXTURES, 'int96.parquet'))).toEqual([
    '{"when":"2024-05-01T12:34:56.789123","share":1.0,"far":"inf"}', '{"when":"1969-12-31T23:59:59.999000","share":null,"far":"-inf"}',
  ]);
});

test('nanoseconds', async () => {
  expect(await readRows(join(FIXTURES, 'nanoseconds.parquet'))).toEqual([
    { when: '2024-05-01T12:34:56.789123456', time: '00:00:00.000000005' }, { when: null, time: '00:00:00.000001' },
  ]);
});

test('the first rows are those of the whole', async () => {
  const whole = await readRows(join(FIXTURES, 'types.parquet'));
  expect(await peekRows(join(FIXTURES, 'types.parquet'), 2)).toEqual(whole.slice(0, 2));
});
