import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { isIndexDamaged, refuseDamaged } from './damage.ts';
import { MIGRATIONS, migrate, refuseNewer, schemaVersion } from './migrate.ts';
import { openSqlite, type Database } from './sqlite.ts';

/**
 * Opens the run history, made or migrated where needed. Several programs may have it open; the service lets
 * only the first write and opens it `readOnly` for the others.
 * @throws Problem where the history is newer than this program (it is not touched), damaged, or locked.
 */
export async function openHistory(file: string, options: { readOnly?: boolean } = {}): Promise<Database> {
  let mustMend = false;
  if (existsSync(file)) {
    // Looked at through a read-only connection, because only that leaves every byte alone.
    const version = await look(file, async (database) => {
      const found = await schemaVersion(database);
      refuseNewer(file, found);
      mustMend = options.readOnly !== true && await isIndexDamaged(database);
      if (!mustMend) await refuseDamaged(database);
      return found;
    });
    if (options.readOnly && version < (MIGRATIONS.at(-1)?.version ?? 0)) {
      throw new Problem(`History ${file} has an older schema, and here it can only be read.`, {
        hint: 'Close other programs that use it, or make it writable, so that it can be brought up to date.',
      });
    }
  } else if (options.readOnly) {
    throw new Problem(`There is no history at ${file} yet.`, { hint: 'Start a run first, or choose another home folder with --home.' });
  }
  if (options.readOnly) return openSqlite(file, { readOnly: true });

  await mkdir(dirname(file), { recursive: true });
  const database = await openSqlite(file, { readOnly: false });
  try {
    await database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF');
    if (mustMend) {
      await database.exec('REINDEX');
      await refuseDamaged(database);
    }
    await migrate(database);
    await database.exec('PRAGMA foreign_keys = ON');
    // SQLite opens what it may not write without a word, and says so only at the first write, which may be hours later.
    await database.transaction(() => Promise.resolve());
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
  return database;
}

async function look<T>(file: string, question: (database: Database) => Promise<T>): Promise<T> {
  const database = await openSqlite(file, { readOnly: true });
  try {
    return await question(database);
  } finally {
    await database.close();
  }
}
