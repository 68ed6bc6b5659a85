import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivate } from '../files/write-private.ts';

const FILE = 'serve-token';
const FORM = /^[\w-]{43}$/;

export const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * The token of a home: the same at every start, so that a page that is open finds its program again and an address that was
 * kept stays good. Whoever reads it may use the program, so the file is for its owner alone; one that others could read is
 * made anew, and so is one that was deleted. Where it cannot be kept, it is good for this start.
 */
export async function keptToken(home: string): Promise<string> {
  const path = join(home, FILE);
  const kept = await readPrivate(path);
  if (kept !== null) return kept;
  const token = newToken();
  await writePrivate(path, `${token}\n`).catch(() => undefined);
  return token;
}

/** Null where there is none that nobody else could have read. */
async function readPrivate(path: string): Promise<string | null> {
  try {
    const { mode, uid } = await stat(path);
    // Windows keeps a user's folder from others by itself, and tells nothing in these bits.
    if (process.platform !== 'win32' && ((mode & 0o077) !== 0 || uid !== process.getuid!())) return null;
    const token = (await readFile(path, 'utf8')).trim();
    return FORM.test(token) ? token : null;
  } catch {
    return null;
  }
}
