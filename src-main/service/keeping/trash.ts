import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TrashEntry } from '../../contract/api/keeping-calls.ts';
import { Problem } from '../../contract/problem.ts';
import { folderSize } from '../../files/folder-size.ts';
import { putModel, type ModelRow } from '../../store/models.ts';
import { deleteRun } from '../../store/runs.ts';
import { dropTrash, listTrash, putTrash, type TrashRow } from '../../store/trash.ts';
import type { Home } from '../home.ts';

/** Milliseconds that removed things are kept: thirty days. */
const KEPT = 30 * 24 * 3600 * 1000;

/** What is to be removed; `content` brings a model's place in the list back. */
export type Removal = Pick<TrashEntry, 'id' | 'kind' | 'title'> & { path: string; withFiles: boolean; content?: ModelRow };

/** Takes something out of sight. Its files move into the trash, on another disk to a hidden name beside their place. */
export async function moveToTrash(home: Home, { id, kind, title, path, withFiles, content }: Removal): Promise<void> {
  const place = withFiles && existsSync(path) ? await moveAway(home, id, path) : null;
  await putTrash(home.database, {
    id, kind, title, path, place, at: Date.now(), bytes: place === null ? 0 : await folderSize(place), content: content ? JSON.stringify(content) : null,
  });
}

/** Puts something back where it was. @throws Problem where something else is in its place by now */
export async function restore(home: Home, id: string): Promise<void> {
  const row = await find(home, id);
  if (row.place !== null) {
    if (existsSync(row.path)) throw new Problem(`There is something else at ${row.path} by now.`, { hint: 'Move it away, then put this back.' });
    await mkdir(dirname(row.path), { recursive: true });
    await rename(row.place, row.path);
  }
  if (row.content !== null) await putModel(home.database, JSON.parse(row.content) as ModelRow);
  await dropTrash(home.database, id);
}

/** Deletes for good what was removed. */
export async function empty(home: Home, ids: readonly string[] | null): Promise<void> {
  for (const row of await listTrash(home.database)) {
    if (ids === null || ids.includes(row.id)) await destroy(home, row);
  }
}

/** Deletes what was removed long ago. */
export async function emptyOld(home: Home, now = Date.now()): Promise<void> {
  for (const row of await listTrash(home.database)) if (row.at < now - KEPT) await destroy(home, row);
}

async function destroy({ database }: Home, { id, kind, place }: TrashRow): Promise<void> {
  if (place !== null) await rm(place, { recursive: true, force: true });
  if (kind === 'run') await deleteRun(database, id);
  await dropTrash(database, id);
}

async function find({ database }: Home, id: string): Promise<TrashRow> {
  const row = (await listTrash(database)).find((entry) => entry.id === id);
  if (!row) throw new Problem('This is not in the trash any more.');
  return row;
}

async function moveAway(home: Home, id: string, path: string): Promise<string> {
  const place = join(home.path, 'trash', id);
  await mkdir(dirname(place), { recursive: true });
  try {
    await rename(path, place);
    return place;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const beside = join(dirname(path), `.${basename(path)}.trash-${id}`);
    await rename(path, beside);
    return beside;
  }
}
