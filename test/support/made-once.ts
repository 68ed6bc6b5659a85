import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock, isLockFile, type FolderLock } from '../../src-main/run-folder/run-lock.ts';

/**
 * A folder that is made once, for whatever test comes first: those that come meanwhile wait for it.
 * @param place  its name says what it was made of; whatever else lies beside it was made of something else
 */
export async function madeOnce(place: string, make: (to: string) => Promise<void>): Promise<string> {
  const room = dirname(place);
  await mkdir(room, { recursive: true });
  await inTurn(room, async () => {
    if (existsSync(place)) return;
    for (const name of await readdir(room)) if (!isLockFile(name)) await rm(join(room, name), { recursive: true });
    await make(`${place}.part`);
    await rename(`${place}.part`, place);
  });
  return place;
}

/** Does something while no other test process does it in the same folder. */
export async function inTurn<T>(room: string, work: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(room);
  return work().finally(() => lock.release());
}

async function waitForLock(room: string): Promise<FolderLock> {
  for (;;) {
    const lock = await acquireLock(room, 'Folder').catch((error: unknown) => {
      if (!/ is in use /.test(String(error))) throw error;
      return null;
    });
    if (lock) return lock;
    await sleep(100);
  }
}
