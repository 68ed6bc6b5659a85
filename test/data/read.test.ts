import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { previewFile } from '../../src-main/data/preview.ts';
import { followReading } from '../../src-main/bounds/reading.ts';
import { peekRows, readRows, rowName } from '../../src-main/data/read.ts';

const FIXTURES = new URL('../fixtures/data-files/', import.meta.url).pathname;
const texts: unknown = JSON.parse(readFileSync(join(FIXTURES, 'texts.json'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'retort-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the same rows', () => {
  test.each([
    'texts.jsonl', 'texts.jsonl.gz', 'texts.json', 'texts.json.gz', 'texts-data.json', 'texts.csv', 'texts.csv.gz', 'texts-semicolon.csv',
    'texts.tsv', 'texts.tsv.gz', 'texts-none.parquet', 'texts-snappy.parquet', 'texts-snappy.parquet.gz', 'texts-gzip.parquet',
    'texts-zstd.parquet', 'texts-brotli.parquet', 'texts-lz4.parquet',
  ])('come from %s', async (name) => {
    expect(await readRows(join(FIXTURES, name))).toEqual(texts);
  });

  test.each(['texts.jsonl.gz', 'texts.json', 'texts-data.json', 'texts.csv', 'texts.tsv', 'texts-snappy.parquet.gz'])(
    'come from %s under a name that tells nothing', async (name) => {
      expect(await readRows(file(`${name}-download`, readFileSync(join(FIXTURES, name))))).toEqual(texts);
    });

  test('come from JSON Lines called .json', async () => {
    expect(await readRows(file('lines.json', readFileSync(join(FIXTURES, 'texts.jsonl'))))).toEqual(texts);
    expect(await readRows(file('data.json', '{"data": [1]}\n{"data": [2]}\n'))).toEqual([{ data: [1] }, { data: [2] }]);
  });
});

test('JSON Lines give back any rows, wherever the pieces of the file end', async () => {
  const row = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }));
  await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1 }), fc.integer({ min: 0, max: 3 }), async (rows, shift) => {
    // Fills the first piece that is read, so that the next begins anywhere in the text.
    const filler = { filler: 'é'.repeat(2 ** 15 - 10 - shift) };
    const lines = [filler, ...rows].map((each) => JSON.stringify(each)).join('\n');
    expect(await readRows(file('any.jsonl', lines))).toEqual(JSON.parse(`[${lines.replaceAll('\n', ',')}]`));
  }), { numRuns: 30 });
});

test('a long CSV field is whole', async () => {
  const long = 'x, "y"\n'.repeat(100_000);
  expect(await readRows(file('long.csv', `a,b\n"${long.replaceAll('"', '""')}",1\n`))).toEqual([{ a: long, b: '1' }]);
});

describe('a damaged file is refused, naming the place', () => {
  test.each([
    ['bad.jsonl', '{"a": 1}\n\n{"a": 2,}\n', 'bad.jsonl line 3 column 9: '],
    ['cut.jsonl', '{"a": 1}\n{"a": "tw', 'cut.jsonl line 2 column 10: '],
    ['word.jsonl', '{"a": 1}\nhello\n', 'word.jsonl line 2: '],
    ['list.jsonl', '{"a": 1}\n[1]\n', 'list.jsonl line 2 is a list'],
    ['bad.json', '[\n {"a": 1},\n {"a" 2}\n]', 'bad.json line 3 column 7: '],
    ['other.json', '{\n "rows": []\n}', 'other.json holds no list'],
    ['mixed.json', '[{"a": 1}, 5]', 'mixed.json row 2 is 5'],
    ['none.json', '[]', 'none.json has no rows'],
    ['short.csv', 'a,b\n1,2\n3\n', 'short.csv line 3 has 1 field, and the first line names 2 columns'],
    ['open.csv', 'a,b\n1,"2\n3,4\n', 'open.csv line 2: the quotation mark that opens a field is never closed'],
    ['quote.csv', 'a,b\n1,x"y"\n', 'quote.csv line 2: a quotation mark stands inside'],
    ['twice.csv', 'a,b,a\n1,2,3\n', 'twice.csv has two columns named "a"'],
    ['header.csv', 'a,b\n', 'header.csv has no rows'],
    ['empty.jsonl', '', 'empty.jsonl is empty'],
    ['latin.jsonl', Buffer.from('{"a": "gr\xfcn"}\n', 'latin1'), 'latin.jsonl line 1 is not UTF-8'],
    ['wide.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'wide.csv is UTF-16 text'],
    ['cut.jsonl.gz', gzipSync('{"a": 1}\n'.repeat(50_000)).subarray(0, -20), 'cut.jsonl.gz is a damaged gzip file'],
    ['cut.parquet', readFileSync(join(FIXTURES, 'texts-none.parquet')).subarray(0, 300), 'cut.parquet is not a Parquet file that can be read'],
    ['fake.parquet', 'a,b\n', 'fake.parquet is not a Parquet file'],
    ['prose.txt', 'Once upon a time\n', 'prose.txt is of no format'],
  ])('%s', async (name, content, message) => {
    const path = file(name, content);
    await expect(readRows(path)).rejects.toMatchObject({ name: 'Problem', kind: 'input', message: expect.stringContaining(message), hint: expect.any(String) });
  });

  test('a missing file and a folder', async () => {
    await expect(readRows(join(folder, 'no.jsonl'))).rejects.toThrow('does not exist');
    await expect(readRows(folder)).rejects.toThrow('is a folder');
  });
});

test('rows are named by their file and their place', () => {
  expect(rowName('/some/where/train.jsonl', 16)).toBe('train.jsonl row 17');
});

describe('the first rows', () => {
  test.each(['texts.jsonl', 'texts.jsonl.gz', 'texts.json', 'texts.csv', 'texts.tsv.gz', 'texts-snappy.parquet', 'texts-snappy.parquet.gz'])(
    'of %s are those of the whole', async (name) => {
      // A row group of the Parquet files ends behind the third row.
      for (const limit of [0, 1, 3, 4, 9]) expect(await peekRows(join(FIXTURES, name), limit)).toEqual((texts as unknown[]).slice(0, limit));
    });

  test.each([['jsonl', '{"a":"1"}\n', '{"a"\n'], ['csv', 'a\n1\n', '"\n']])('of %s are read without the rest', async (format, start, damage) => {
    const path = file(`late.${format}`, start + '\n'.repeat(2 ** 18) + damage);
    await expect(readRows(path)).rejects.toThrow(`late.${format}`);
    expect(await peekRows(path, 1)).toEqual([{ a: '1' }]);
  });

  test.skipIf(process.platform !== 'linux')('leave no file open', async () => {
    const path = file('long.jsonl.gz', gzipSync('{"a": 1}\n'.repeat(500_000)));
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let time = 0; time < 20; time++) await peekRows(path, 1);
    await expect.poll(open).toBeLessThan(before + 5);
  });
});

describe('a preview', () => {
  test('has the first rows, all columns with their kinds, and the count', async () => {
    const rows = [{ q: 'a', n: 1 }, { q: '', n: 1.5, chat: [{ role: 'user', content: 'x' }] }, { q: 'b', deep: { x: true }, tags: ['x'] }, { late: 1 }];
    const path = file('some.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(await previewFile(path, { offset: 0, limit: 3 })).toEqual({
      path, format: 'jsonl', isGzipped: false, count: 4, isCounted: true, offset: 0, rows: rows.slice(0, 3),
      columns: [
        { name: 'q', kinds: ['text', 'empty'] }, { name: 'n', kinds: ['number'] }, { name: 'chat', kinds: ['messages'] },
        { name: 'deep', kinds: ['object'] }, { name: 'tags', kinds: ['list'] },
      ],
    });
  });

  test('does not read a long file to its end', async () => {
    const count = 260_000;
    const path = file('long.jsonl', `${'{"a":1}\n'.repeat(count)}{"a"`);
    const told: number[] = [];
    const page = (offset: number): ReturnType<typeof previewFile> => followReading((rows) => told.push(rows), () => previewFile(path, { offset, limit: 3 }));
    expect(await page(0)).toMatchObject({ count: 250_000, isCounted: false, rows: [{ a: 1 }, { a: 1 }, { a: 1 }] });
    expect(told.at(-1)).toBe(250_000);
    // A page behind that is shown as well, and the end of the file is reached.
    expect(await page(255_000)).toMatchObject({ count: 255_004, isCounted: false });
    await expect(page(count - 3)).rejects.toThrow(`long.jsonl line ${count + 1}`);
  });

  test('finds damage behind the first rows', async () => {
    await expect(previewFile(file('late.jsonl', '{"a": 1}\n{"a": 2}\n{"a"\n'), { offset: 0, limit: 1 })).rejects.toThrow('late.jsonl line 3');
  });
});
