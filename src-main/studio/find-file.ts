import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { endsOf } from '../contract/file-ends.ts';
import { readFully, withFile } from '../files/file-bytes.ts';
import { Problem } from '../contract/problem.ts';

/** What is known of a file whose folder is not. */
export interface SoughtFile {
  name: string;
  bytes: number;
  /** Milliseconds since 1970. */
  modified: number;
  /** SHA-256 of its ends. */
  ends: string;
}

/** A folder to look into, and how many folders deep. */
export interface Place { path: string; depth: number }

/** Entries that are looked at in all, so that a large disk does not hold anyone up. */
const MOST_ENTRIES = 20_000;

/** Folders below a person's own in which models lie: downloads, and where other programs keep theirs. */
export const modelPlaces = (home: string): Place[] => [
  { path: join(home, 'Downloads'), depth: 2 }, { path: join(home, 'Desktop'), depth: 1 }, { path: join(home, 'Documents'), depth: 2 },
  { path: join(home, 'models'), depth: 3 }, { path: join(home, '.lmstudio', 'models'), depth: 3 }, { path: join(home, '.cache', 'lm-studio', 'models'), depth: 3 },
  { path: join(home, '.cache', 'llama.cpp'), depth: 1 }, { path: join(home, '.cache', 'huggingface', 'hub'), depth: 4 }, { path: home, depth: 1 },
];

/** The path of a file, where one of these places has it; null otherwise. Folders that cannot be read are passed over. */
export async function findFile(sought: SoughtFile, places: readonly Place[]): Promise<string | null> {
  const seen = new Set<string>();
  let left = MOST_ENTRIES;
  // The nearest folders of all places before any that lie deeper.
  for (let level = [...places]; level.length > 0 && left > 0;) {
    const below: Place[] = [];
    for (const { path, depth } of level) {
      if (seen.has(path)) continue;
      seen.add(path);
      const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => []);
      left -= entries.length;
      if (entries.some(({ name }) => name === sought.name) && await isSame(join(path, sought.name), sought)) return join(path, sought.name);
      if (depth > 1) below.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ path: join(path, name), depth: depth - 1 })));
    }
    level = below;
  }
  return null;
}

async function isSame(path: string, { bytes, modified, ends }: SoughtFile): Promise<boolean> {
  try {
    const found = await stat(path);
    // A browser tells whole milliseconds.
    if (!found.isFile() || found.size !== bytes || Math.abs(found.mtimeMs - modified) > 1) return false;
    return await digestOfEnds(path, bytes) === ends;
  } catch {
    return false;
  }
}

/** @throws Problem where the file becomes shorter meanwhile */
async function digestOfEnds(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  await withFile(path, async (file) => {
    for (const [from, to] of endsOf(bytes)) {
      const part = new Uint8Array(to - from);
      await readFully(file, part, from, () => new Problem(`${path} became shorter while it was read.`));
      hash.update(part);
    }
  });
  return hash.digest('hex');
}
