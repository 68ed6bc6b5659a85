import type { ModelDescription } from '../contract/model-description.ts';
import { Problem } from '../contract/problem.ts';
import type { Queries } from './sqlite.ts';

/** A model folder the person knows by a name, as it was described when it was added. */
export interface ModelRow { path: string; name: string; added: number; description: ModelDescription }

export async function listModels(queries: Pick<Queries, 'all'>): Promise<ModelRow[]> {
  const rows = await queries.all<Omit<ModelRow, 'description'> & { description: string }>('SELECT * FROM models ORDER BY name COLLATE NOCASE, path');
  return rows.map((row) => ({ ...row, description: JSON.parse(row.description) as ModelDescription }));
}

/** Adds a model, or describes a known one anew. */
export async function putModel(queries: Pick<Queries, 'run'>, { path, name, added, description }: ModelRow): Promise<void> {
  await queries.run(
    `INSERT INTO models (path, name, added, description) VALUES (?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET name = excluded.name, description = excluded.description`,
    [path, name, added, JSON.stringify(description)]);
}

export async function renameModel(queries: Pick<Queries, 'run'>, path: string, name: string): Promise<void> {
  const { changes } = await queries.run('UPDATE models SET name = ? WHERE path = ?', [name, path]);
  if (changes === 0) throw new Problem(`No model ${path} in the list.`);
}

export async function removeModel(queries: Pick<Queries, 'run'>, path: string): Promise<void> {
  await queries.run('DELETE FROM models WHERE path = ?', [path]);
}
