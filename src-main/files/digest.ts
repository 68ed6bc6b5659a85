import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { refuseIrregular } from './regular-file.ts';

/** SHA-256 of a file in hex, read as a stream. Rejects as reading does. */
export async function digestOf(path: string): Promise<string> {
  await refuseIrregular(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

/** SHA-256 of a text in hex. */
export const digestOfText = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What a process has read already: a file that is the same by all that its folder tells of it is not read again. */
const known = new Map<string, { stamp: string; digest: string }>();

/** The same, remembered by the file's number, size and times. Rejects as `stat` and reading do. */
export async function rememberedDigest(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const stamp = [dev, ino, size, mtimeNs, ctimeNs].join();
  const remembered = known.get(path);
  if (remembered?.stamp === stamp) return remembered.digest;
  const digest = await digestOf(path);
  known.set(path, { stamp, digest });
  return digest;
}
