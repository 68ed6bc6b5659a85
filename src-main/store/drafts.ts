import type { Draft } from '../contract/api/api.ts';
import type { Queries } from './sqlite.ts';

/** Unfinished recipes, the one last worked on first. */
export async function listDrafts(queries: Pick<Queries, 'all'>): Promise<Draft[]> {
  const rows = await queries.all<Omit<Draft, 'recipe' | 'touched'> & { recipe: string; touched: number }>('SELECT * FROM drafts ORDER BY updated DESC, id');
  return rows.map((row) => ({ ...row, recipe: JSON.parse(row.recipe) as Draft['recipe'], touched: row.touched === 1 }));
}

export async function saveDraft(queries: Pick<Queries, 'run'>, { id, updated, title, page, recipe, touched }: Draft): Promise<void> {
  await queries.run('INSERT OR REPLACE INTO drafts (id, updated, title, page, recipe, touched) VALUES (?, ?, ?, ?, ?, ?)',
    [id, updated, title, page, JSON.stringify(recipe), touched ? 1 : 0]);
}

export async function removeDraft(queries: Pick<Queries, 'run'>, id: string): Promise<void> {
  await queries.run('DELETE FROM drafts WHERE id = ?', [id]);
}

/** Removes the drafts that nobody has touched, but for one. */
export async function removeUntouched(queries: Pick<Queries, 'run'>, but: string): Promise<void> {
  await queries.run('DELETE FROM drafts WHERE touched = 0 AND id <> ?', [but]);
}
