import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import { Problem } from '../contract/problem.ts';
import { inTurn } from '../contract/in-turn.ts';

/** What SQLite stores. NaN becomes NULL on the way in; a Buffer is a BLOB. */
export type SqlValue = string | number | Buffer | null;

export interface Queries {
  /** Runs one statement and returns how many rows it changed and the last row id it made. */
  run(sql: string, params?: readonly SqlValue[]): Promise<{ changes: number; lastId: number }>;
  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined>;
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>;
  /** Runs several statements without parameters. */
  exec(sql: string): Promise<void>;
  /** Runs one prepared statement for every row; outside a transaction each row stands for itself. */
  batch(sql: string, rows: readonly (readonly SqlValue[])[]): Promise<void>;
}

export interface Database extends Queries {
  readonly file: string;
  readonly readOnly: boolean;
  /**
   * Everything `work` does through `queries` happens, or nothing. Other calls on the database wait until it
   * is over, so `work` must use `queries` and not the database itself.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** Waits for what was asked before, then closes; what is asked afterwards is refused. */
  close(): Promise<void>;
}

/** Milliseconds to wait for another program that is writing. */
const BUSY_TIMEOUT = 10_000;

/**
 * Opens one connection. This file is the only one that knows the `sqlite3` package.
 * @throws Problem of kind failure, here and from every query, that names the file and what is wrong with it.
 */
export async function openSqlite(file: string, options: { readOnly: boolean }): Promise<Database> {
  const mode = options.readOnly ? sqlite3.OPEN_READONLY | sqlite3.OPEN_URI : sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE;
  const native = await new Promise<sqlite3.Database>((resolve, reject) => {
    const database = new sqlite3.Database(options.readOnly ? addressOf(file) : file, mode, (error) => {
      if (error) reject(toProblem(error, file));
      else resolve(database);
    });
  });
  native.configure('busyTimeout', BUSY_TIMEOUT);
  const queries = rawQueries(native, file);

  // The package runs statements of one connection side by side; a queue keeps transactions whole.
  const queue = inTurn();
  let isClosed = false;
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    // Refused here: an answer of the package that comes while the process ends would end it with an abort.
    if (isClosed) return Promise.reject(new Problem(`History ${file}: it has been closed.`, { kind: 'failure' }));
    return queue(work);
  };

  return {
    file,
    readOnly: options.readOnly,
    run: (sql, params) => queued(() => queries.run(sql, params)),
    get: (sql, params) => queued(() => queries.get(sql, params)),
    all: (sql, params) => queued(() => queries.all(sql, params)),
    exec: (sql) => queued(() => queries.exec(sql)),
    batch: (sql, rows) => queued(() => queries.batch(sql, rows)),
    transaction: (work) => queued(async () => {
      await queries.exec('BEGIN IMMEDIATE');
      try {
        const result = await work(queries);
        await queries.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk has already rolled back by itself; the first error is the one to tell.
        await queries.exec('ROLLBACK').catch(() => undefined);
        throw error;
      }
    }),
    close: () => {
      const closed = queued(() => new Promise<void>((resolve, reject) => {
        native.close((error) => error ? reject(toProblem(error, file)) : resolve());
      }));
      isClosed = true;
      return closed;
    },
  };
}

/** SQLite reads no database with a write-ahead log in a folder where it may make no files, unless told that nobody writes it. */
function addressOf(file: string): string {
  const isStill = !existsSync(`${file}-wal`) && !mayWrite(dirname(file));
  return `${pathToFileURL(file).href}${isStill ? '?immutable=1' : ''}`;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function rawQueries(native: sqlite3.Database, file: string): Queries {
  const settle = <T>(resolve: (value: T) => void, reject: (error: Problem) => void) =>
    (error: Error | null, value: T): void => error ? reject(toProblem(error, file)) : resolve(value);
  return {
    run: (sql, params = []) => new Promise((resolve, reject) => {
      native.run(sql, params, function done(error: Error | null) {
        if (error) reject(toProblem(error, file));
        else resolve({ changes: this.changes, lastId: this.lastID });
      });
    }),
    get: <Row>(sql: string, params: readonly SqlValue[] = []) =>
      new Promise<Row | undefined>((resolve, reject) => native.get<Row>(sql, params, settle(resolve, reject))),
    all: <Row>(sql: string, params: readonly SqlValue[] = []) =>
      new Promise<Row[]>((resolve, reject) => native.all<Row>(sql, params, settle(resolve, reject))),
    exec: (sql) => new Promise<void>((resolve, reject) => {
      native.exec(sql, (error) => error ? reject(toProblem(error, file)) : resolve());
    }),
    batch: (sql, rows) => rows.length === 0 ? Promise.resolve() : new Promise<void>((resolve, reject) => {
      const statement = native.prepare(sql, (unprepared: Error | null) => {
        if (unprepared) {
          reject(toProblem(unprepared, file));
          return;
        }
        let failure: Error | null = null;
        // The statement takes its rows in the order in which they are handed over, and finalizes after the last.
        for (const row of rows) statement.run(row, (error: Error | null) => { failure ??= error; });
        statement.finalize(() => failure ? reject(toProblem(failure, file)) : resolve());
      });
    }),
  };
}

const BEGIN_AGAIN = 'Move the file away, with those beside it whose names end in -wal and -shm, and put a copy in its place. A new history knows a run again once its folder is named: retort resume FOLDER.';
const EXPLANATIONS: Record<string, { message: string; hint: string }> = {
  SQLITE_FULL: { message: 'The disk is full', hint: 'Free some space and try again; what was written before is safe.' },
  SQLITE_BUSY: { message: 'Another program keeps it locked', hint: 'Close the other program that uses this home folder, or choose another one with --home.' },
  SQLITE_READONLY: { message: 'It cannot be written', hint: 'Check the permissions of the file and its folder.' },
  SQLITE_CANTOPEN: { message: 'It cannot be opened', hint: 'Check that the folder exists and may be read and written, or choose another one with --home.' },
  SQLITE_NOTADB: { message: 'It is not a database', hint: BEGIN_AGAIN },
  SQLITE_CORRUPT: { message: 'The file is damaged', hint: BEGIN_AGAIN },
};

function toProblem(error: Error, file: string): Problem {
  const code = 'code' in error ? String(error.code) : '';
  const known = EXPLANATIONS[code];
  return new Problem(`History ${file}: ${known?.message ?? error.message}.`, {
    kind: 'failure',
    ...(known === undefined ? {} : { hint: known.hint }),
    cause: error,
  });
}
