import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openHome } from '../../src-main/service/home.ts';
import { whileWriting } from '../../src-main/service/keeping/writing.ts';

let folder: string;
let home: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-writing-'));
  home = join(folder, 'home');
});
afterEach(() => rm(folder, { recursive: true }));

/** The number of a process that is no more. */
async function gone(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

/** What a program leaves that is killed while it writes a folder. */
async function leave(name: string, pid: number): Promise<string> {
  const place = join(folder, 'far', name);
  const half = join(folder, 'far', `.${name}.tmp-${pid}`);
  await mkdir(half, { recursive: true });
  await writeFile(join(half, 'model.safetensors'), 'half');
  await mkdir(join(home, 'writing'), { recursive: true });
  await writeFile(join(home, 'writing', `${pid}-a1b2`), place);
  return half;
}

it('clears away at the next start what a killed program left half written, and nothing of one that lives', async () => {
  const left = await leave('export', await gone());
  const going = await leave('other', process.pid);
  await (await openHome(home)).close();
  expect([existsSync(left), existsSync(going)]).toEqual([false, true]);
  expect(await readdir(join(home, 'writing'))).toEqual([`${process.pid}-a1b2`]);
});

it('brings back what was put aside for a folder that never came', async () => {
  const pid = await gone();
  await rm(await leave('export', pid), { recursive: true });
  await mkdir(join(folder, 'far', `.export.old-${pid}`));
  await writeFile(join(folder, 'far', `.export.old-${pid}`, 'mine.txt'), 'mine');
  await whileWriting(home, join(folder, 'elsewhere'), () => Promise.resolve());
  expect(await readFile(join(folder, 'far', 'export', 'mine.txt'), 'utf8')).toBe('mine');
});

it('clears away behind a worker that died, and keeps no note', async () => {
  const pid = await gone();
  const place = join(folder, 'far', 'export');
  await expect(whileWriting(home, place, async () => {
    expect(await readdir(join(home, 'writing'))).toHaveLength(1);
    await mkdir(join(folder, 'far', `.export.tmp-${pid}`), { recursive: true });
    throw new Error('The computing process died.');
  })).rejects.toThrow('died');
  expect(await readdir(join(folder, 'far'))).toEqual([]);
  expect(await readdir(join(home, 'writing'))).toEqual([]);
});
