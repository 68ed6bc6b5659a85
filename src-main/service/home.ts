import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HISTORY_FILE } from '../store/home.ts';
import { openHistory } from '../store/open-history.ts';
import { markInterrupted } from '../store/runs.ts';
import type { Database } from '../store/sqlite.ts';
import { lockHolder } from './run-lock.ts';

/** The user's data folder: history, and runs that were given no folder of their own. */
export interface Home {
  readonly path: string;
  readonly database: Database;
  runDir(runId: string): string;
  close(): Promise<void>;
}

/** Opens the history; runs whose process has died are marked interrupted, unless it is only looked at. */
export async function openHome(path: string, { readOnly = false } = {}): Promise<Home> {
  await mkdir(path, { recursive: true });
  const database = await openHistory(join(path, HISTORY_FILE), { readOnly });
  if (!readOnly) await markInterrupted(database, async (runDir) => (await lockHolder(runDir)) !== null);
  return {
    path, database,
    runDir: (runId) => join(path, 'runs', runId),
    close: () => database.close(),
  };
}
