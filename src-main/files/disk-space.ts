import { statfs } from 'node:fs/promises';

/** Bytes that this person may still write to the disk of a folder that is there. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Whether a system's error says that there is no room, on the disk or in a person's share of it. */
export const isDiskFull = (code: unknown): boolean => code === 'ENOSPC' || code === 'EDQUOT';
