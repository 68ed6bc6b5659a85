import { open, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { Problem } from '../contract/problem.ts';

/**
 * Writes rows as JSON Lines: beside its place first, synced, then renamed.
 * @throws Problem where the file exists already.
 */
export async function writeJsonLines(path: string, rows: Iterable<unknown>): Promise<void> {
  if (existsSync(path)) throw new Problem(`${path} exists already.`, { hint: 'Choose another name, or move the file away.' });
  const temporary = `${path}.tmp-${process.pid}`;
  const file = await open(temporary, 'wx');
  try {
    let block = '';
    for (const row of rows) {
      block += `${JSON.stringify(row)}\n`;
      if (block.length > BLOCK) {
        await file.writeFile(block);
        block = '';
      }
    }
    await file.writeFile(block);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

const BLOCK = 1 << 20;
