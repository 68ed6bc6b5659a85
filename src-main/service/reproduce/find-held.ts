import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { visibleLine } from '../../contract/visible.ts';
import type { Departure, Held } from '../../contract/reproduction.ts';
import { lastName } from '../../export/without-folders.ts';
import { digestsOf } from '../run/record/inputs.ts';
import { called, heldDifferences } from './held-differences.ts';

/** Where a field of a recipe leads to here; null where nothing of its name was found. */
export interface FoundHeld { path: string | null; departures: Departure[] }

/** Where something may lie: where the person says, where it lay when it was used, and where things usually are. Folders that hold it, or itself. */
export interface Around { given: readonly string[]; known: string | null; usual: readonly string[] }

/**
 * Finds what a field led to. What the person names comes before all else; there, the place whose files are those that were
 * noted, whatever their name, or else the first of its name.
 * @param path   as the recipe has it
 * @param noted  of this field
 */
export async function findHeld(field: string, path: string, noted: readonly Held[], { given, known, usual }: Around): Promise<FoundHeld> {
  const found = await findIn(field, path, noted, given, []) ?? await findIn(field, path, noted, usual, known === null ? [] : [known]);
  if (found) return found;
  const places = [...given, ...(known === null ? [] : [known]), ...usual].map(visibleLine).join(', ');
  return { path: null, departures: [{ about: field, isDecisive: true, isMissing: true, message: `${called(field)} "${visibleLine(lastName(path))}" was not found; looked for in ${places}.` }] };
}

async function findIn(field: string, path: string, noted: readonly Held[], roots: readonly string[], first: readonly string[]): Promise<FoundHeld | null> {
  const byName = roots.flatMap((root) => [...(basename(root) === lastName(path) ? [root] : []), resolve(root, path), join(root, lastName(path))]);
  const named = [...first, ...byName].filter((place) => existsSync(place));
  const alike = (await Promise.all(roots.map((root) => alikeIn(root, noted)))).flat();
  let other: FoundHeld | null = null;
  for (const place of new Set([...named, ...alike])) {
    const departures = await differencesAt(field, place, noted);
    if (departures.length === 0) return { path: place, departures };
    if (named.includes(place)) other ??= { path: place, departures };
  }
  return other;
}

async function differencesAt(field: string, place: string, noted: readonly Held[]): Promise<Departure[]> {
  const now = (await digestsOf(field, place)).map(({ path, bytes, sha256 }): Held => ({ field, name: basename(path), bytes, sha256 }));
  // A file may have been given another name.
  return now.length === 1 && noted.length === 1 && now[0]!.sha256 === noted[0]!.sha256 ? [] : heldDifferences(noted, now);
}

/** What lies in a folder and has the sizes of what was noted. */
async function alikeIn(root: string, noted: readonly Held[]): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const isAlike = (place: string, isFolder: boolean): boolean => (isFolder ? noted.length > 0 && noted.every(({ name, bytes }) => sizeOf(join(place, name)) === bytes)
    : noted.length === 1 && sizeOf(place) === noted[0]!.bytes);
  return [root, ...entries.map(({ name }) => join(root, name))].filter((place) => isAlike(place, statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false));
}

const sizeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.size ?? null;
