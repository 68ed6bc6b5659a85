import type { Draft } from '../contract/api/api.ts';
import type { Queries } from './sqlite.ts';

/** Unfinished recipes, the one last worked on first. */
export async function listDrafts(queries: Pick<Queries, 'all'>): Promise<Draft[]> {
  const rows = await queries.all<Omit<Draft, 'recipe'> & { recipe: string }>('SELECT * FROM drafts ORDER BY updated DESC, id');
  return rows.map((row) => ({ ...row, recipe: JSON.parse(row.recipe) as Draft['recipe'] }));
}

export async function saveDraft(queries: Pick<Queries, 'run'>, { id, updated, title, page, recipe }: Draft): Promise<void> {
  await queries.run('INSERT OR REPLACE INTO drafts (id, updated, title, page, recipe) VALUES (?, ?, ?, ?, ?)',
    [id, updated, title, page, JSON.stringify(recipe)]);
}

export async function removeDraft(queries: Pick<Queries, 'run'>, id: string): Promise<void> {
  await queries.run('DELETE FROM drafts WHERE id = ?', [id]);
}
