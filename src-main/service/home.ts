import { constants, existsSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { HISTORY_FILE } from '../store/home.ts';
import { openHistory } from '../store/open-history.ts';
import { followMove } from '../store/moved-home.ts';
import { markInterrupted } from '../store/runs.ts';
import type { Database } from '../store/sqlite.ts';
import { sweepWriting } from './keeping/writing.ts';
import { lockHolder } from '../run-folder/run-lock.ts';

/** The user's data folder: history, and runs that were given no folder of their own. */
export interface Home {
  readonly path: string;
  readonly database: Database;
  runDir(runId: string): string;
  close(): Promise<void>;
}

/**
 * Opens the history; runs whose process has died are marked interrupted, unless it is only looked at. A history that cannot
 * be written is known here, before anything begins.
 * @param path  absolute
 */
export async function openHome(path: string, { readOnly = false } = {}): Promise<Home> {
  if (!readOnly) {
    await makeHome(path);
    await sweepWriting(path);
  }
  const database = await openHistory(join(path, HISTORY_FILE), { readOnly });
  try {
    await followMove(database, path);
    if (!readOnly) await markInterrupted(database, async (runDir) => (await lockHolder(runDir)) !== null);
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
  return {
    path, database,
    runDir: (runId) => join(path, 'runs', runId),
    close: () => database.close(),
  };
}

/** Opens the history for who only looks: read-only where this person may not write it. */
export async function lookHome(path: string): Promise<Home> {
  const file = join(path, HISTORY_FILE);
  const readOnly = existsSync(file) && !(await mayWrite(path) && await mayWrite(file));
  return openHome(path, { readOnly });
}

export async function makeHome(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    const isFile = cause.code === 'EEXIST' || cause.code === 'ENOTDIR';
    throw new Problem(`Data folder ${path} cannot be made${isFile ? ': a file is in its way' : ` (${cause.code ?? cause.message})`}.`, {
      hint: 'Choose another folder with --home.', cause,
    });
  });
}

const mayWrite = (path: string): Promise<boolean> => access(path, constants.W_OK).then(() => true, () => false);
