import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** All that lies under a folder and is no folder itself, by its path from there, with `/` between the parts. Links are not followed. */
export async function listTree(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) found.push(...(await listTree(join(folder, entry.name))).map((path) => `${entry.name}/${path}`));
    else found.push(entry.name);
  }
  return found;
}
