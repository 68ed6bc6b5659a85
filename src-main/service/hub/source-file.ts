import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** The file of a downloaded folder that says where it came from. */
export const SOURCE_FILE = 'retort-source.json';

const schema = z.object({ hub: z.string(), id: z.string(), commit: z.string(), licence: z.string().nullable() });
export type Source = z.output<typeof schema>;

/** Where a folder was downloaded from; null where it does not say. */
export async function readSource(folder: string): Promise<Source | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, SOURCE_FILE), 'utf8')));
  } catch {
    return null;
  }
}

export async function writeSource(folder: string, source: Source): Promise<void> {
  await writeFile(join(folder, SOURCE_FILE), `${JSON.stringify(source, null, 2)}\n`, { flush: true });
}
