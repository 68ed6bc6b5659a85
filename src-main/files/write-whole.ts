import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../contract/problem.ts';

/**
 * Writes text beside its place first, synced, then renamed, so that the file is whole or not there.
 * @throws Problem where the file exists already, unless it may be replaced, and where it cannot be written.
 */
export async function writeWhole(path: string, texts: Iterable<string>, { replace = false } = {}): Promise<void> {
  if (!replace) refuseExisting(path);
  if (!existsSync(dirname(path))) throw new Problem(`The folder of ${path} does not exist.`, { hint: 'Make it first, or choose another place.' });
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    await writeSynced(temporary, texts);
    // Writing takes a while, and renaming replaces without asking.
    if (!replace) refuseExisting(path);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw new Problem(`${path} cannot be written: ${(cause as Error).message}`, { kind: 'failure', hint: 'Check the free space and the folder\'s permissions.', cause });
  }
}

function refuseExisting(path: string): void {
  if (existsSync(path)) throw new Problem(`${path} exists already.`, { hint: 'Choose another name, or move the file away.' });
}

async function writeSynced(path: string, texts: Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const text of texts) await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
