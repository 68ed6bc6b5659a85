import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a file or of all files below a folder; links count as nothing, and what cannot be read too. */
export async function folderSize(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory()) return found?.isFile() ? found.size : 0;
  let sum = 0;
  for (const name of await readdir(path).catch((): string[] => [])) sum += await folderSize(join(path, name));
  return sum;
}
