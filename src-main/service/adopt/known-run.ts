import type { RunRecord } from '../../contract/history.ts';
import { findRun, moveRun } from '../../store/runs.ts';
import type { Database } from '../../store/sqlite.ts';
import { newRunId } from '../ids.ts';
import { isRunFolder } from '../../run-folder/run-folder.ts';
import { runIdIn } from '../run/record/known-as.ts';

/**
 * The run of a folder as the history knows it, its new place noted where it was moved; or null, and the id under which it enters: its
 * own, or a new one for a copy beside the original, which is a run of its own.
 */
export async function knownRun(database: Database, runDir: string): Promise<{ known: RunRecord; id: string } | { known: null; id: string }> {
  const noted = await runIdIn(runDir);
  const found = noted === null ? null : await findRun(database, noted).catch(() => null);
  if (!found) return { known: null, id: noted ?? newRunId() };
  if (found.runDir !== runDir && isRunFolder(found.runDir)) return { known: null, id: newRunId() };
  if (found.runDir !== runDir) await moveRun(database, found.id, runDir);
  return { known: await findRun(database, found.id), id: found.id };
}
