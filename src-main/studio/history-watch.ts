import type { Database } from '../store/sqlite.ts';

const EVERY = 1000;

/** Notices what other programs write into the history: a run of the command line, or the application that owns the folder. */
export function watchHistory(database: Pick<Database, 'get'>, onChange: () => void): () => void {
  let last: number | undefined;
  const timer = setInterval(() => {
    // SQLite raises this number for a connection when another one has written.
    void database.get<{ data_version: number }>('PRAGMA data_version').then((row) => {
      if (last !== undefined && row?.data_version !== last) onChange();
      last = row?.data_version;
    }).catch(() => undefined);
  }, EVERY);
  timer.unref();
  return () => clearInterval(timer);
}
