import { statfs } from 'node:fs/promises';
import { bytesText } from '../../contract/bytes-text.ts';
import { Problem } from '../../contract/problem.ts';

/** What a disk needs besides the files themselves. */
const MARGIN = 2 ** 24;

/** @throws Problem where so many bytes more do not fit onto the disk of a folder that is there */
export async function refuseTooLarge(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes + MARGIN <= free) return;
  throw new Problem(`The download takes ${bytesText(bytes)} more at ${folder}, and ${bytesText(free)} are free.`, { hint: 'Free some space, or choose a folder on another disk.' });
}
