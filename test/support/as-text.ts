import { toJson } from '../../src-main/contract/exact-number.ts';
import { readRows } from '../../src-main/data/read.ts';

/** The rows of a file as JSON, each with its numbers as a template inserts them. */
export async function rowsAsText(path: string): Promise<string[]> {
  return (await readRows(path)).map(toJson);
}
