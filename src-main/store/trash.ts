import type { TrashEntry } from '../contract/api/keeping-calls.ts';
import type { Queries } from './sqlite.ts';

/** An entry of the trash with what brings it back: the run's id is the entry's own. */
export interface TrashRow extends TrashEntry { path: string; place: string | null; content: string | null }

/** For a list that leaves out what belongs to removed runs. */
export const TRASHED_RUNS = '(SELECT id FROM runs WHERE trashed IS NOT NULL)';

/** What was removed, the last first. */
export function listTrash(queries: Pick<Queries, 'all'>): Promise<TrashRow[]> {
  return queries.all<TrashRow>('SELECT * FROM trash ORDER BY at DESC, id');
}

export async function putTrash(queries: Pick<Queries, 'run'>, { id, at, kind, title, bytes, path, place, content }: TrashRow): Promise<void> {
  await queries.run('INSERT INTO trash (id, at, kind, title, bytes, path, place, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [id, at, kind, title, bytes, path, place, content]);
  if (kind === 'run') await queries.run('UPDATE runs SET trashed = ? WHERE id = ?', [id, id]);
}

/** Forgets an entry; a run that is still there is in the history again. */
export async function dropTrash(queries: Pick<Queries, 'run'>, id: string): Promise<void> {
  await queries.run('UPDATE runs SET trashed = NULL WHERE trashed = ?', [id]);
  await queries.run('DELETE FROM trash WHERE id = ?', [id]);
}
