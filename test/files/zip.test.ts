import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entriesBelow, zip, zipSize } from '../../src-main/files/zip.ts';
import { python, requires } from '../support/requires.ts';

let folder: string;
const files: Record<string, string> = { 'empty.txt': '', 'model.bin': 'weights '.repeat(40_000), 'deep/über.json': '{"a": 1}' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-zip-'));
  await mkdir(join(folder, 'in', 'deep'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'in', name), text);
});
afterAll(() => rm(folder, { recursive: true }));

/** What Python's reader finds: names with texts, after it has compared every checksum. */
function read(archive: string): Record<string, string> {
  const program = 'import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))';
  return JSON.parse(execFileSync(python()!, ['-c', program, archive], { encoding: 'utf8', maxBuffer: 2 ** 24 })) as Record<string, string>;
}

requires('unzip')('an archive for a person', () => {
  it.each([[undefined], [1000]])('is unpacked by unzip as it was (limit %s)', async (plain) => {
    const entries = await entriesBelow(join(folder, 'in'), 'export');
    const pieces = [];
    for await (const piece of zip(entries, plain)) pieces.push(piece);
    const to = join(folder, `unpacked-${plain ?? 'plain'}`);
    await writeFile(`${to}.zip`, Buffer.concat(pieces));
    execFileSync('unzip', ['-q', `${to}.zip`, '-d', to]);
    for (const [name, text] of Object.entries(files)) expect(await readFile(join(to, 'export', name), 'utf8')).toBe(text);
  });
});

requires('python')('an archive', () => {
  // The smaller limit takes the fields that files over 4 GiB need.
  it.each([[undefined], [1000]])('is read by others, its 64-bit fields too (limit %s)', async (plain) => {
    const entries = await entriesBelow(join(folder, 'in'), 'export');
    const pieces = [];
    for await (const piece of zip(entries, plain)) pieces.push(piece);
    const archive = Buffer.concat(pieces);
    expect(archive.length).toBe(zipSize(entries, plain));
    await writeFile(join(folder, 'out.zip'), archive);
    expect(read(join(folder, 'out.zip'))).toEqual(Object.fromEntries(Object.entries(files).map(([name, text]) => [`export/${name}`, text])));
  });

  it('is not ended where a file has changed meanwhile', async () => {
    const entries = (await entriesBelow(join(folder, 'in'), 'export')).map((entry) => ({ ...entry, size: entry.size + 1 }));
    await expect((async () => { for await (const piece of zip(entries)) void piece; })()).rejects.toThrow('has changed');
  });
});
