import { toJson } from '../contract/exact-number.ts';
import { writeWhole } from '../files/write-whole.ts';

const BLOCK = 2 ** 20;

/**
 * Writes rows as JSON Lines; the file is whole or not there.
 * @throws Problem where the file exists already, unless it may be replaced, and where it cannot be written.
 */
export async function writeJsonLines(path: string, rows: Iterable<unknown>, options: { replace?: boolean } = {}): Promise<void> {
  await writeWhole(path, blocks(rows), options);
}

/** Lines in pieces large enough that writing them costs little. */
function* blocks(rows: Iterable<unknown>): Generator<string> {
  let block = '';
  for (const row of rows) {
    block += `${toJson(row)}\n`;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  yield block;
}
