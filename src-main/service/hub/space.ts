import { bytesText } from '../../contract/bytes-text.ts';
import { Problem } from '../../contract/problem.ts';
import { freeBytes } from '../../files/disk-space.ts';

/** What a disk needs besides the files themselves. */
const MARGIN = 2 ** 24;

/** @throws Problem where so many bytes more do not fit onto the disk of a folder that is there */
export async function refuseTooLarge(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (bytes + MARGIN <= free) return;
  throw new Problem(`The download takes ${bytesText(bytes)} more at ${folder}, and ${bytesText(free)} are free.`, { hint: 'Free some space, or choose a folder on another disk.' });
}
