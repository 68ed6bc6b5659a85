import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The paths of all files in a folder and the folders below it, in order. */
export async function filesUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...await filesUnder(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}
