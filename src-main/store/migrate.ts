import { existsSync } from 'node:fs';
import { Problem } from '../contract/problem.ts';
import { history } from './migrations/001-history.ts';
import { desktop } from './migrations/002-desktop.ts';
import { mistakes } from './migrations/003-mistakes.ts';
import { reward } from './migrations/004-reward.ts';
import { intervals } from './migrations/005-intervals.ts';
import { comparisons } from './migrations/006-comparisons.ts';
import { best } from './migrations/007-best.ts';
import { keeping } from './migrations/008-keeping.ts';
import { covered } from './migrations/009-covered.ts';
import { engine } from './migrations/010-engine.ts';
import { deviceMemory } from './migrations/011-device-memory.ts';
import { lossScale } from './migrations/012-loss-scale.ts';
import { compared } from './migrations/013-compared.ts';
import { sources } from './migrations/014-sources.ts';
import type { Database } from './sqlite.ts';

export interface Migration { version: number; sql: string }

export const MIGRATIONS: readonly Migration[] = [history, desktop, mistakes, reward, intervals, comparisons, best, keeping, covered, engine, deviceMemory, lossScale, compared, sources];

/** The schema version a database has; 0 for a new one. */
export async function schemaVersion(database: Pick<Database, 'get'>): Promise<number> {
  const row = await database.get<{ user_version: number }>('PRAGMA user_version');
  return row?.user_version ?? 0;
}

/** Refuses a database made by a newer program. */
export function refuseNewer(file: string, version: number, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = migrations.at(-1)?.version ?? 0;
  if (version <= newest) return;
  throw new Problem(`History ${file} was written by a newer Retort (schema ${version}; this one knows ${newest}).`, {
    hint: 'Update Retort, or choose another home folder with --home. Nothing was changed.',
  });
}

/**
 * Brings the schema up to date: all missing migrations in one transaction, after a copy of the old database
 * was put beside it. Another program that migrates at the same moment is waited for.
 * Foreign keys must be off, because a migration may rebuild a table.
 * @returns where the copy lies, or null when there was nothing to do or nothing to copy.
 */
export async function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<string | null> {
  const before = await schemaVersion(database);
  const newest = migrations.at(-1)?.version ?? 0;
  if (before >= newest) return null;
  const backup = before === 0 ? null : await copyAside(database, before);
  await database.transaction(async (queries) => {
    const current = await schemaVersion(queries);
    for (const migration of migrations) {
      if (migration.version > current) await queries.exec(migration.sql);
    }
    const broken = await queries.all<{ table: string }>('PRAGMA foreign_key_check');
    if (broken.length > 0) {
      throw new Error(`Migrating ${database.file} to schema ${newest} breaks references of ${broken[0]?.table}.`);
    }
    await queries.exec(`PRAGMA user_version = ${newest}`);
  });
  return backup;
}

/** Copies the database, what its write-ahead log holds included. */
async function copyAside(database: Database, version: number): Promise<string> {
  const name = (count: number): string => `${database.file}.schema-${version}${count === 0 ? '' : `-${count}`}.backup`;
  let count = 0;
  while (existsSync(name(count))) count += 1;
  await database.run('VACUUM INTO ?', [name(count)]);
  return name(count);
}
