import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../home.ts';

/** Milliseconds for which a dropped file is kept though nothing names it: a page may be about to. */
const GRACE = 3600 * 1000;

export const uploadsFolder = (home: string): string => join(home, 'uploads');

/** Removes copies of dropped files that no draft, run, inspection, comparison or model names. */
export async function sweepUploads({ path, database }: Home, now = Date.now()): Promise<void> {
  const folder = uploadsFolder(path);
  if (!existsSync(folder)) return;
  const texts = await database.all<{ text: string }>(
    'SELECT recipe AS text FROM drafts UNION ALL SELECT recipe FROM runs UNION ALL SELECT settings FROM inspections UNION ALL SELECT settings FROM comparisons UNION ALL SELECT path FROM models');
  for (const name of await readdir(folder)) {
    if (texts.some(({ text }) => text.includes(name))) continue;
    const found = await stat(join(folder, name)).catch(() => null);
    if (found && found.mtimeMs < now - GRACE) await rm(join(folder, name), { recursive: true, force: true });
  }
}
