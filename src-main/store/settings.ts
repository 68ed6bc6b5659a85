import type { Queries } from './sqlite.ts';

/** Named values as JSON, the way they were set; what they mean is known where they are read. */
export async function readSettings(queries: Pick<Queries, 'all'>): Promise<Record<string, unknown>> {
  const rows = await queries.all<{ name: string; value: string }>('SELECT name, value FROM settings');
  return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value) as unknown]));
}

export async function writeSettings(queries: Pick<Queries, 'batch'>, values: Readonly<Record<string, unknown>>): Promise<void> {
  await queries.batch('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)',
    Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}
