import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Problem } from '../contract/problem.ts';
import type { RunRecord } from '../contract/history.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { Queries } from '../store/sqlite.ts';
import { gatherRun } from './gather.ts';
import { BEGINNING, reportPage } from './page.ts';

/**
 * Writes the report of a run. @returns its bytes, or null where something is there already and `replace` does not say to
 * go over it. @throws Problem where what is there is not an earlier report
 */
export async function writeReport(queries: Pick<Queries, 'get' | 'all' | 'exec'>, run: RunRecord, to: string, { replace }: { replace: boolean }): Promise<number | null> {
  if (existsSync(to)) {
    if (!replace) return null;
    await checkIsReport(to);
  }
  const page = reportPage(await gatherRun(queries, run), Date.now());
  await writeWhole(to, [page], { replace });
  return Buffer.byteLength(page);
}

/** Nothing of a person's is overwritten but what Retort has written itself. */
async function checkIsReport(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0).catch(() => ({ buffer: Buffer.alloc(0), bytesRead: 0 }));
    if (buffer.toString('utf8', 0, bytesRead) !== BEGINNING) throw new Problem(`${path} is not the report of a run.`, { hint: 'Choose another name, or move it away.' });
  } finally {
    await file.close();
  }
}
