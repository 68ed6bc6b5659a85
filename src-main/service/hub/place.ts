import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { HubLook } from '../../contract/hub.ts';
import { readSource } from './source-file.ts';

/**
 * The folder for a repository among those of its kind: by its name, and where another one has that, by its whole name or
 * its commit. The same for the same commit each time, so that a download that was cut off goes on.
 */
export async function placeFor(folder: string, { hub, id, commit }: Pick<HubLook, 'hub' | 'id' | 'commit'>): Promise<string> {
  const names = [basename(id), id.replaceAll('/', '--'), `${id.replaceAll('/', '--')}-${commit.slice(0, 12)}`];
  for (const name of names) {
    const place = join(folder, name);
    if (!existsSync(place)) return place;
    const source = await readSource(place);
    if (source?.hub === hub && source.id === id && source.commit === commit) return place;
  }
  return join(folder, names.at(-1)!);
}
