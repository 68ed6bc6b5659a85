import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readRows } from '../../src-main/data/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function cellsOf(name: string, content: string): Promise<unknown[][]> {
  writeFileSync(join(folder, name), content);
  return (await readRows(join(folder, name))).map((row) => Object.values(row));
}

describe('quotation marks in TSV', () => {
  test.each<[string, string, unknown[][]]>([
    ['inside cells', 'a\tb\nsay "x" now\t5"\n', [['say "x" now', '5"']]],
    ['that open and never close', 'a\tb\nFirst\tone\n"Second\ttwo\nThird "x"\tthree\n"Fifth" said\tfive\nSixth"\tsix\n',
      [['First', 'one'], ['"Second', 'two'], ['Third "x"', 'three'], ['"Fifth" said', 'five'], ['Sixth"', 'six']]],
    ['that close in another row', 'a\tb\n"Second\ttwo\nThird"\tx\nFourth\ty\n', [['"Second', 'two'], ['Third"', 'x'], ['Fourth', 'y']]],
    ['around tabs and quotes', 'a\tb\n"has\ttab"\tx\n"has ""quotes"""\ty\n', [['has\ttab', 'x'], ['has "quotes"', 'y']]],
    ['around line breaks', 'a\tb\r\n"two\r\nlines"\tx\r\n', [['two\r\nlines', 'x']]],
    ['around every cell', '"a"\t"b"\n"one"\t"two"\n', [['one', 'two']]],
    ['around some cells, and one that is not closed', 'a\tb\n"one"\t"two"\n"three\tfour\n', [['"one"', '"two"'], ['"three', 'four']]],
    ['in one column', 'a.tsv\n"x"\n"two\nlines"\n', [['x'], ['two\nlines']]],
  ])('%s', async (_, content, cells) => {
    expect(await cellsOf('q.tsv', content)).toEqual(cells);
  });

  test('of rows that fit together in no way are refused by their line', async () => {
    await expect(cellsOf('mixed.tsv', 'a\tb\n"has\ttab"\tx\n"open\ty\n')).rejects.toThrow('mixed.tsv line 3: the quotation mark that opens a field is never closed.');
  });
});

test.each<[string, string]>([
  ['bom.csv', '\ufeffa,b\nx,y\nx2,y2\n'], ['crlf.csv', 'a,b\r\nx,y\r\nx2,y2\r\n'], ['mac.csv', 'a,b\rx,y\rx2,y2\r'], ['mac.tsv', 'a\tb\rx\ty\rx2\ty2\r'],
  ['mixed.csv', 'a,b\r\nx,y\nx2,y2\r\n'], ['mixed2.csv', 'a,b\nx,y\r\nx2,y2\n'], ['mixed.tsv', 'a\tb\nx\ty\r\n"x2"\t"y2"\r\n'],
  ['all.csv', '\ufeff"a","b"\r\n"x","y"\r\n"x2","y2"'], ['semicolon.csv', '"a,1";"b,2"\nx;y\nx2;y2\n'], ['tab.csv', 'a\tb\nx\ty\nx2\ty2\n'],
])('the rows of %s', async (name, content) => {
  expect(await cellsOf(name, content)).toEqual([['x', 'y'], ['x2', 'y2']]);
});

test('a carriage return within a line of others is part of its cell', async () => {
  expect(await cellsOf('within.csv', 'a,b\nx\ry,z\n"p\r\nq",r\n')).toEqual([['x\ry', 'z'], ['p\r\nq', 'r']]);
});

test('a ragged row is named by its line, behind rows of several lines', async () => {
  await expect(cellsOf('ragged.csv', 'a,b\n"1\n2",3\n4,5,6\n')).rejects.toThrow('ragged.csv line 4 has 3 fields, and the first line names 2 columns.');
  await expect(cellsOf('short.csv', 'a,b\n1\n2,3\n')).rejects.toThrow('short.csv line 2 has 1 field, and the first line names 2 columns.');
});

test('a quotation mark that is not closed is named by its line, and read no further than a row may be long', async () => {
  await expect(cellsOf('open.csv', `a,b\n"x ""y""",1\n"${'text,\n'.repeat(12 * 2 ** 20)}`)).rejects.toThrow('open.csv line 3: the quotation mark that opens a field is not closed within 64 MB.');
});

test('a quotation mark that is never closed is named by its line, also where another is closed before it', async () => {
  await expect(cellsOf('reopened.csv', 'a,b\n"one\ntwo","open\nmore\n')).rejects.toThrow('reopened.csv line 3: the quotation mark that opens a field is never closed.');
});

test('many columns are read as fast as few', async () => {
  const names = Array.from({ length: 90_000 }, (_, at) => `c${at}`);
  expect(await cellsOf('wide.csv', `${names.join(',')}\n${names.join(',')}\n`)).toEqual([names]);
  await expect(cellsOf('wider.csv', `${'x,'.repeat(200_000)}x\n`)).rejects.toThrow('wider.csv line 1 names 200001 columns, and no more than 100000 can be read.');
});

test('a column may be called as the prototype', async () => {
  writeFileSync(join(folder, 'proto.csv'), '__proto__,a\n1,2\n');
  expect(JSON.stringify(await readRows(join(folder, 'proto.csv')))).toBe('[{"__proto__":"1","a":"2"}]');
});
