import { stat } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';

/**
 * Refuses what only looks like a file: to open a pipe waits for what is never written to it, and a device never ends.
 * What is not there is passed over: whoever opens it says so. @param name  what it is called; its path if left out
 */
export async function refuseIrregular(path: string, name = path): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found || found.isFile() || found.isDirectory()) return;
  const kind = found.isFIFO() ? 'pipe' : found.isSocket() ? 'socket' : 'device';
  throw new Problem(`${name} is a ${kind}, not a file.`, { hint: 'Write what it holds to a file, and put that in its place.' });
}
