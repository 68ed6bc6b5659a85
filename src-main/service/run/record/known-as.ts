import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeWhole } from '../../../files/write-whole.ts';

/** Beside the recipe; of what is told of a run and not computed from it. */
const FILE = 'told.json';
const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** Notes in a run's folder the id by which the history knows it. */
export async function noteRunId(runDir: string, runId: string): Promise<void> {
  await writeWhole(join(runDir, FILE), [`${JSON.stringify({ runId })}\n`], { replace: true });
}

/** The id of the run in a folder, for a history that does not know the place; null where nothing tells it. */
export async function runIdIn(runDir: string): Promise<string | null> {
  const text = await readFile(join(runDir, FILE), 'utf8').catch(() => '');
  const noted = /"runId":"([^"]+)"/.exec(text)?.[1];
  // Older versions named their own folders by the id.
  return noted ?? (ID.test(basename(runDir)) ? basename(runDir) : null);
}
