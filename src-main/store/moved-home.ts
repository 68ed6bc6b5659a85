import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { readSettings, writeSettings } from './settings.ts';
import type { Database, Queries } from './sqlite.ts';

/** Where the history notes the folder under which its paths were written. */
const SETTING = 'homeFolder';

/** The columns that name places; the second list holds JSON documents, any of whose texts may be a path. */
const PLACES: Readonly<Record<string, readonly [paths: readonly string[], documents: readonly string[]]>> = {
  runs: [['runDir', 'checkpointPath'], ['recipe']],
  exports: [['source', 'folder'], []],
  models: [['path'], []],
  drafts: [[], ['recipe']],
  inspections: [['teacher', 'student'], ['settings']],
  corrections: [['teacher', 'student'], []],
  comparisons: [['teacher'], ['models', 'settings']],
};

/**
 * Lets a history whose home was moved find what moved with it: paths under the old home become those under the new one,
 * where something lies there or nothing lies at the old place. A history that may only be read is mended in memory.
 * @param home  absolute; the folder of the database
 */
export async function followMove(database: Database, home: string): Promise<void> {
  const noted = (await readSettings(database))[SETTING];
  const before = typeof noted === 'string' ? noted : await homeOfOldRuns(database);
  if (before !== null && before !== home) {
    if (database.readOnly) await shadow(database);
    const moved = pathMover(before, home);
    await (database.readOnly ? rewrite(database, moved) : database.transaction((queries) => rewrite(queries, moved)));
  }
  if (!database.readOnly && noted !== home) await writeSettings(database, { [SETTING]: home });
}

/** Where the home lay when older versions wrote it, as far as a run of its own tells; they took a relative `--home` as it was. */
async function homeOfOldRuns(queries: Pick<Queries, 'all'>): Promise<string | null> {
  const runs = await queries.all<{ id: string; runDir: string }>('SELECT id, runDir FROM runs ORDER BY created DESC');
  const own = runs.find(({ id, runDir }) => basename(runDir) === id && basename(dirname(runDir)) === 'runs');
  return own === undefined ? null : dirname(dirname(own.runDir));
}

type Mover = (path: string) => string;

function pathMover(before: string, home: string): Mover {
  return (path) => {
    if (!path.startsWith(before + sep)) return path;
    const place = join(home, path.slice(before.length + 1));
    return existsSync(place) || !existsSync(path) || !isAbsolute(path) ? place : path;
  };
}

async function rewrite(queries: Queries, moved: Mover): Promise<void> {
  for (const [table, [paths, documents]] of Object.entries(PLACES)) {
    for (const column of paths) await rewriteColumn(queries, table, column, moved);
    for (const column of documents) await rewriteColumn(queries, table, column, (text) => inDocument(text, moved));
  }
}

async function rewriteColumn(queries: Queries, table: string, column: string, change: Mover): Promise<void> {
  const rows = await queries.all<{ value: string }>(`SELECT DISTINCT ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL`);
  const changed = rows.map(({ value }) => [change(value), value] as const).filter(([after, value]) => after !== value);
  if (changed.length > 0) await queries.batch(`UPDATE OR IGNORE ${table} SET ${column} = ? WHERE ${column} = ?`, changed);
}

function inDocument(text: string, moved: Mover): string {
  // A relative path of an older version is not told from other texts.
  return JSON.stringify(JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' && isAbsolute(value) ? moved(value) : value)));
}

/** Copies, for this connection, the tables that name places: unqualified names mean the copies. */
async function shadow(database: Database): Promise<void> {
  await database.exec(Object.keys(PLACES).map((table) => `CREATE TEMP TABLE ${table} AS SELECT * FROM main.${table};`).join('\n'));
}
