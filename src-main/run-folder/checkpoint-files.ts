import { join } from 'node:path';
import { digestOf } from '../files/digest.ts';
import { listTree } from '../files/list-tree.ts';

/** SHA-256 of every file of a checkpoint by its path inside, with `/`. */
export type FileDigests = Readonly<Record<string, string>>;

/** Of the files that lie in a checkpoint's folder by now, in the order of their names. */
export async function digestFiles(folder: string): Promise<FileDigests> {
  const digests: Record<string, string> = {};
  for (const name of (await listTree(folder)).sort()) digests[name] = await digestOf(join(folder, name));
  return digests;
}

/** What is wrong with the first file that is not as it was written; null where all are. */
export async function findDamage(folder: string, files: FileDigests): Promise<string | null> {
  for (const [name, digest] of Object.entries(files)) {
    const found = await digestOf(join(folder, name)).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) return found.code === 'ENOENT' ? `${name} is missing` : `${name} cannot be read (${found.code ?? found.message})`;
    if (found !== digest) return `${name} is not as it was written`;
  }
  return null;
}
