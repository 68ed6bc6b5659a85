import { join } from 'node:path';
import { HISTORY_FILE } from '../../src-main/store/home.ts';
import type { StoredLogEntry, StoredStep } from '../../src-main/contract/history.ts';
import { readLog } from '../../src-main/store/log.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { findRun } from '../../src-main/store/runs.ts';
import { readSteps } from '../../src-main/store/steps.ts';

export interface Remembered { steps: StoredStep[]; log: StoredLogEntry[] }

/**
 * Steps and log of a run as the history of a data folder has them in the end. What a killed program printed is no measure:
 * it may die with messages unheard, which the run that goes on tells the history again.
 */
export async function remembered(home: string, runDir: string): Promise<Remembered> {
  const database = await openHistory(join(home, HISTORY_FILE), { readOnly: true });
  try {
    const { id } = await findRun(database, runDir);
    return { steps: await readSteps(database, id, { after: 0, limit: 1000 }), log: await readLog(database, id, { after: 0, limit: 1000 }) };
  } finally {
    await database.close();
  }
}
