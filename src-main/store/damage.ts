import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { Database } from './sqlite.ts';

/** Tables of texts, which may be gigabytes: looked at only before they are written to for hours. */
const LARGE: readonly string[] = ['rollouts', 'samples', 'inspectedSamples', 'inspectedTokens', 'forks', 'comparedRows', 'answers', 'answerScores'];

/** Columns that hold JSON, by their tables; of the large ones none. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  runs: ['recipe', 'tags', 'error', 'best'], settings: ['value'], drafts: ['recipe'], models: ['description'], exports: ['report'],
  inspections: ['settings', 'error'], corrections: ['turns'], comparisons: ['models', 'settings', 'error'],
};

/** As SQLite says that an index is not that of its table. */
const INDEX = /^(row \d+ missing from index|wrong # of entries in index|row \d+ values differ from index)/;

type Question = Pick<Database, 'all' | 'get' | 'file'>;

/**
 * Reads a history through and refuses one that is not as SQLite wrote it: rows out of order, keys and checks that do not hold,
 * documents that are none. A changed digit of a measurement is not seen here.
 * @param everything  the texts as well, which takes seconds a gigabyte
 * @throws Problem that says what to do
 */
export async function refuseDamaged(database: Question, { everything = false } = {}): Promise<void> {
  const damage = await findDamage(database, everything);
  if (damage === null) return;
  throw new Problem(`History ${database.file} is damaged (${damage}).`, { kind: 'failure', hint: await remedyOf(database.file) });
}

/** Whether only an index differs from its table: such a one is made again from it and nothing is lost. */
export async function isIndexDamaged(database: Question): Promise<boolean> {
  return INDEX.test(await findDamage(database, false) ?? '');
}

async function findDamage(database: Question, everything: boolean): Promise<string | null> {
  const all = (await database.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")).map(({ name }) => name);
  for (const name of all) {
    if (LARGE.includes(name) && !everything) continue;
    // The quick one finds no row out of the order of its keys, and does not compare the indices; it is six times as fast.
    const check = LARGE.includes(name) ? 'quick_check' : 'integrity_check';
    const found = await database.get<{ found: string }>(`SELECT ${check} AS found FROM pragma_${check}(?)`, [name]);
    if (found && found.found !== 'ok') return wordsOf(found.found);
  }
  for (const [table, documents] of Object.entries(DOCUMENTS)) {
    if (!all.includes(table)) continue;
    const columns = new Set((await database.all<{ name: string }>(`PRAGMA table_info(${table})`)).map(({ name }) => name));
    for (const column of documents) {
      if (columns.has(column) && await database.get(`SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL AND NOT json_valid(${column})`)) {
        return `a ${column} in ${table} is no JSON`;
      }
    }
  }
  return null;
}

/** SQLite heads a list of damaged pages with stars and the database's name. */
const wordsOf = (found: string): string => found.split('\n').find((line) => line !== '' && !line.startsWith('***')) ?? found;

/** What there is to go on with: copies that an update left, and the folders of the runs, which have all that was measured. */
async function remedyOf(file: string): Promise<string> {
  const names = await readdir(dirname(file)).catch(() => []);
  const backups = names.filter((name) => name.startsWith(`${basename(file)}.schema-`) && name.endsWith('.backup')).sort();
  const last = backups.at(-1);
  return 'Move the file away, with those beside it whose names end in -wal and -shm. '
    + (last === undefined ? '' : `A copy from before an update is ${last}; it may take its place. `)
    + 'A new history knows a run again once its folder is named: retort resume FOLDER.';
}
