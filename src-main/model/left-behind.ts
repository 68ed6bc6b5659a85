import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../files/is-alive.ts';

/** Clears what a program that was killed left beside a place: half a new folder, or the old one that it had put aside. */
export async function clearLeftBehind(place: string): Promise<void> {
  const [parent, name] = [dirname(place), basename(place)];
  for (const entry of await readdir(parent).catch((): string[] => [])) {
    const [kind, pid] = entry.startsWith(`.${name}.`) ? /^(tmp|old)-(\d+)$/.exec(entry.slice(name.length + 2))?.slice(1) ?? [] : [];
    if (kind === undefined || isAlive(Number(pid))) continue;
    if (kind === 'old' && !existsSync(place)) await rename(join(parent, entry), place);
    else await rm(join(parent, entry), { recursive: true, force: true });
  }
}
