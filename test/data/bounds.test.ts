import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { previewFile } from '../../src-main/data/preview.ts';
import { peekRows, readRows } from '../../src-main/data/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-bounds-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('each is refused by one sentence', () => {
  test.each<[string, () => string | Uint8Array, string]>([
    ['long.jsonl', () => `{"a": 1}\n{"a": "${'x'.repeat(65 * 2 ** 20)}"}\n`, 'long.jsonl line 2 is longer than 64 MB.'],
    ['deep.jsonl', () => `{"a": 1}\n{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`, 'deep.jsonl line 2 is nested more than 500 levels deep.'],
    ['deep.json', () => `[{"a": ${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}]`, 'deep.json line 1 is nested more than 500 levels deep.'],
    ['large.json', () => `[{"a": "${'x'.repeat(257 * 2 ** 20)}"}]`, 'large.json is too large to be read as one JSON document: it has more than 256 MB.'],
    ['nul.csv', () => 'a,b\n1\0,2\n', 'nul.csv line 2 holds a NUL byte, which no text has.'],
    ['nul.jsonl', () => `${'{"a": 1}\n'.repeat(50_000)}{"a": "\0"}\n`, 'nul.jsonl line 50001 holds a NUL byte, which no text has.'],
    ['latin.csv', () => Buffer.from(`a\n${'x\n'.repeat(50_000)}gr\xfcn\nx\n`, 'latin1'), 'latin.csv line 50002 is not UTF-8 text.'],
    ['cut.jsonl', () => Buffer.from('{"a": "é"}\n{"a": "é').subarray(0, -1), 'cut.jsonl line 2 is not UTF-8 text.'],
    ['wide.csv', () => Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'wide.csv is UTF-16 text, not UTF-8.'],
    ['unmarked.jsonl', () => Buffer.from('{"a": "Hello"}\n', 'utf16le'), 'unmarked.jsonl is UTF-16 text, not UTF-8.'],
    ['empty.csv', () => '\ufeff', 'empty.csv is empty.'],
    ['bomb.jsonl.gz', () => gzipSync(Buffer.from(`{"a":"${'x'.repeat(2 ** 20)}"}\n`.repeat(260))), 'bomb.jsonl.gz unpacks to more than 200 times its size.'],
    ['line.jsonl.gz', () => gzipSync(Buffer.alloc(70 * 2 ** 20, '{"a":"')), 'line.jsonl.gz line 1 is longer than 64 MB.'],
  ])('%s', async (name, content, message) => {
    const path = file(name, content());
    await expect(readRows(path)).rejects.toMatchObject({ name: 'Problem', kind: 'input', message: expect.stringContaining(message), hint: expect.any(String) });
    rmSync(path);
  });
});

test.skipIf(process.platform === 'win32')('what would be waited for is refused at once', async () => {
  const pipe = join(folder, 'pipe.jsonl');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  await expect(readRows(pipe)).rejects.toMatchObject({ kind: 'input', message: `Data file ${pipe} is a pipe, not a file.` });
  await expect(previewFile('/dev/zero', { offset: 0, limit: 1 })).rejects.toThrow('/dev/zero is a device, not a file.');
});

test('text packed well is no bomb, and the first rows of a bomb can be read', async () => {
  const row = `{"a":"${'x'.repeat(10_000)}"}\n`;
  expect(await readRows(file('packed.jsonl.gz', gzipSync(row.repeat(1000))))).toHaveLength(1000);
  expect(await peekRows(file('bomb.jsonl.gz', gzipSync(Buffer.from(row.repeat(30_000)))), 2)).toHaveLength(2);
});
