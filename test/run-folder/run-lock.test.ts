import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock, lockHolder } from '../../src-main/run-folder/run-lock.ts';

const script = fileURLToPath(new URL('run-lock-child.ts', import.meta.url));

function start(task: 'hold' | 'contend', folder: string): ChildProcess {
  const child = fork(script, [task, folder], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => { child.kill('SIGKILL'); });
  return child;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('acquireLock', () => {
  it('is exclusive within a process too, and free again after release', async () => {
    const folder = await temporaryFolder();
    const lock = await acquireLock(folder, 'Run folder');
    await expect(acquireLock(folder, 'Run folder')).rejects.toThrow(`Run folder ${folder} is in use by this process (${process.pid}).`);
    expect(await lockHolder(folder)).toEqual({ pid: process.pid, host: hostname() });
    await lock.release();
    await lock.release();
    expect(await lockHolder(folder)).toBeNull();
    expect(await readdir(folder)).toEqual([]);
    await (await acquireLock(folder, 'Run folder')).release();
  });

  it('names the process that holds it, and is taken over after kill -9', async () => {
    const folder = await temporaryFolder();
    const child = start('hold', folder);
    await once(child, 'message');
    await expect(acquireLock(folder, 'Run folder')).rejects.toMatchObject({
      name: 'Problem', kind: 'input', message: `Run folder ${folder} is in use by process ${child.pid}.`, hint: expect.stringContaining('stop that process'),
    });
    expect(await lockHolder(folder)).toEqual({ pid: child.pid, host: hostname() });

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(folder)).toHaveLength(1);
    expect(await lockHolder(folder)).toBeNull();
    const lock = await acquireLock(folder, 'Run folder');
    expect(await readdir(folder)).toHaveLength(1);
    await lock.release();
  });

  it.runIf(process.platform === 'linux')('knows that a pid was given to another process since', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, `.lock.${process.ppid}.1.${hostname()}`), 'held');
    expect(await lockHolder(folder)).toBeNull();
    await (await acquireLock(folder, 'Run folder')).release();
  });

  it('believes a lock of another computer and says how to remove it', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.lock.12.34.far%2Faway'), 'held');
    await expect(acquireLock(folder, 'Home')).rejects.toMatchObject({
      message: `Home ${folder} is in use by process 12 on far/away.`, hint: expect.stringContaining(join(folder, '.lock.12.34.far%2Faway')),
    });
    expect(await readdir(folder)).toEqual(['.lock.12.34.far%2Faway']);
  });

  it('gives up on another that never decides, and leaves nothing of its own', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.lock.99999999.1.elsewhere'), '');
    await expect(acquireLock(folder, 'Home')).rejects.toThrow(/process 99999999 on elsewhere/);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('is given to one at a time, from a stale lock on', async () => {
    const folder = await temporaryFolder();
    for (const pid of [4_000_001, 4_000_002]) await writeFile(join(folder, `.lock.${pid}.1.${hostname()}`), 'held');
    const children = [1, 2, 3].map(() => start('contend', folder));
    await Promise.all(children.map((child) => once(child, 'message')));
    const counts = await Promise.all(children.map(async (child) => {
      child.send('go');
      const [count] = await once(child, 'message') as [{ taken: number; refused: number; shared: number }];
      return count;
    }));
    expect(counts.map((count) => count.shared)).toEqual([0, 0, 0]);
    expect(counts.reduce((sum, count) => sum + count.taken, 0)).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count.refused, 0)).toBeGreaterThan(0);
    await expect.poll(() => readdir(folder)).toEqual([]);
  });

  it('says so where the folder is missing', async () => {
    const folder = join(await temporaryFolder(), 'nowhere');
    await expect(acquireLock(folder, 'Run folder')).rejects.toThrow(`Run folder ${folder} cannot be written (ENOENT).`);
    expect(await lockHolder(folder)).toBeNull();
  });
});
