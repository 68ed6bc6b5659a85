import type { LogEntry, StoredLogEntry } from '../contract/history.ts';
import type { Queries } from './sqlite.ts';

export async function insertLog(queries: Pick<Queries, 'run'>, run: string, entry: LogEntry): Promise<void> {
  await queries.run('INSERT INTO log (run, at, step, level, code, message) VALUES (?, ?, ?, ?, ?, ?)',
    [run, entry.at, entry.step, entry.level, entry.code, entry.message]);
}

/** What was last said under each of these codes, in their order; where nothing was, none. */
export async function readLastOf(queries: Pick<Queries, 'all'>, run: string, codes: readonly string[]): Promise<string[]> {
  const found = await Promise.all(codes.map((code) => queries.all<{ message: string }>('SELECT message FROM log WHERE run = ? AND code = ? ORDER BY id DESC LIMIT 1', [run, code])));
  return found.flatMap(([entry]) => entry?.message ?? []);
}

/** The entries after the one with the id `after`, oldest first. */
export async function readLog(
  queries: Pick<Queries, 'all'>, run: string, options: { after: number; limit: number },
): Promise<StoredLogEntry[]> {
  return queries.all<StoredLogEntry>(
    'SELECT id, at, step, level, code, message FROM log WHERE run = ? AND id > ? ORDER BY id LIMIT ?',
    [run, options.after, options.limit]);
}
