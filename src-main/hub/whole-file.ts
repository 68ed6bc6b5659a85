import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { digestOf } from '../files/digest.ts';
import type { RepositoryFile } from './repository-files.ts';

/** Whether a file of the right size holds what its digest says. Rejects as reading does. */
export async function isWhole(path: string, { bytes, digest }: RepositoryFile): Promise<boolean> {
  return digest.hex === (digest.kind === 'sha256' ? await digestOf(path) : await gitDigestOf(path, bytes));
}

/** Git's hash of a blob. */
async function gitDigestOf(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha1').update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

/** The same of bytes in memory. */
export function isWholeText(contents: Uint8Array, { digest }: RepositoryFile): boolean {
  const hash = digest.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${contents.length}\0`);
  return hash.update(contents).digest('hex') === digest.hex;
}
