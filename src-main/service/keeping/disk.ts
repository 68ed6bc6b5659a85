import { join } from 'node:path';
import type { DiskUse } from '../../contract/api/keeping-calls.ts';
import { freeBytes } from '../../files/disk-space.ts';
import { folderSize } from '../../files/folder-size.ts';
import { HISTORY_FILE } from '../../store/home.ts';

const PARTS = [
  ['Runs and checkpoints', 'runs'], ['Models', 'models'], ['Exports', 'exports'], ['Dropped files', 'uploads'], ['Trash', 'trash'], ['History', HISTORY_FILE],
] as const;

/** What of the disk a data folder takes. */
export async function diskUse(home: string): Promise<DiskUse> {
  const parts = await Promise.all(PARTS.map(async ([name, place]) => ({ name, path: join(home, place), bytes: await folderSize(join(home, place)) + (place === HISTORY_FILE ? await folderSize(join(home, `${place}-wal`)) : 0) })));
  return { parts, free: await freeBytes(home) };
}
