import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';

/** Throws a `Problem` where something of this name exists. */
export function demandNew(path: string): void {
  if (existsSync(path)) throw new Problem(`${path} exists already`, { hint: 'Give the name of a folder that does not exist yet.' });
}

/**
 * Makes a folder that is whole from the moment it exists: `fill` writes and syncs its files in a hidden folder beside
 * it, which is then renamed. If that fails nothing is left behind.
 */
export async function makeFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  demandNew(path);
  const target = resolve(path);
  const parent = dirname(target);
  const temporary = join(parent, `.${basename(target)}.tmp-${process.pid}`);
  try {
    await mkdir(parent, { recursive: true });
    await mkdir(temporary);
    await fill(temporary);
    await syncFolder(temporary);
    demandNew(path);
    await rename(temporary, target);
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (error instanceof Problem) throw error;
    const what = error instanceof Error ? error.message : String(error);
    throw new Problem(`${path} could not be written: ${what}`, { kind: 'failure', hint: 'Check that there is enough space and that you may write there.', cause: error });
  }
}

/** Writes a new file of JSON and waits until it is on the disk. */
export async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx', flush: true });
}

/** Windows cannot sync a folder and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
