import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRows } from '../../src-main/data/read.ts';
import { writeJsonLines } from '../../src-main/data/write.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'retort-write-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

test('rows come back as they were, and nothing else is left behind', async () => {
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: 'line\nbreak "quote" é'.repeat(30) }));
  await writeJsonLines(join(folder, 'rows.jsonl'), rows);
  expect(await readRows(join(folder, 'rows.jsonl'))).toEqual(rows);
  expect(readdirSync(folder)).toEqual(['rows.jsonl']);
});

test('numbers and the order of keys are written as they were read', async () => {
  const json = '{"a":1.0,"n":12345678901234567890,"c":{"z":[-0.0],"2":"x","1":1e5}}\n';
  writeFileSync(join(folder, 'in.jsonl'), json);
  await writeJsonLines(join(folder, 'out.jsonl'), await readRows(join(folder, 'in.jsonl')));
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe(json);
});

test('an existing file is replaced only where that was asked for', async () => {
  const path = join(folder, 'mine.jsonl');
  writeFileSync(path, 'mine');
  await expect(writeJsonLines(path, [{ a: 1 }])).rejects.toMatchObject({ kind: 'input', message: `${path} exists already.` });
  expect(readFileSync(path, 'utf8')).toBe('mine');
  await writeJsonLines(path, [{ a: 1 }], { replace: true });
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
});

test('a file that comes up during the writing is left alone', async () => {
  const path = join(folder, 'mine.jsonl');
  function* rows(): Generator<unknown> {
    writeFileSync(path, 'mine');
    yield { a: 1 };
  }
  await expect(writeJsonLines(path, rows())).rejects.toThrow('exists already');
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(readdirSync(folder)).toEqual(['mine.jsonl']);
});

test('a writer that breaks off leaves nothing', async () => {
  function* breaking(): Generator<unknown> {
    yield { a: 1 };
    throw new Error('broke off');
  }
  await expect(writeJsonLines(join(folder, 'rows.jsonl'), breaking())).rejects.toThrow('broke off');
  expect(readdirSync(folder)).toEqual([]);
});

test('a missing folder is the caller\'s mistake', async () => {
  await expect(writeJsonLines(join(folder, 'no', 'rows.jsonl'), [])).rejects.toMatchObject({ name: 'Problem', kind: 'input' });
});

test.skipIf(process.platform !== 'linux')('a place that takes no files is a failure', async () => {
  await expect(writeJsonLines('/proc/self/rows.jsonl', [{ a: 1 }])).rejects.toMatchObject({
    name: 'Problem', kind: 'failure', message: expect.stringContaining('/proc/self/rows.jsonl cannot be written: '),
  });
});
