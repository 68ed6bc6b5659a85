import { open } from 'node:fs/promises';

/** Waits until a folder's list of names is on the disk. Windows offers no such thing and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
