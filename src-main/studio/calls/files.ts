import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { FileKind, FilePlace, FolderEntry } from '../../contract/api/api.ts';
import { Problem } from '../../contract/problem.ts';
import { isBelow } from '../../files/is-below.ts';
import { listDrafts } from '../../store/drafts.ts';
import { listModels } from '../../store/models.ts';
import { listRuns } from '../../store/runs.ts';
import type { Home } from '../../service/home.ts';
import { findFile, modelPlaces } from '../find-file.ts';
import { resource } from '../../service/resources.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

const DATA = new Set(['.jsonl', '.ndjson', '.csv', '.tsv', '.parquet', '.json']);

export function fileCalls({ home }: { home: Home }): Handlers<CallsOf<'files'>> {
  return {
    'files.list': async ({ path }) => {
      const place = resolve(path === '' || path === '~' ? homedir() : path);
      const isFile = (await stat(place).catch(() => null))?.isFile() ?? false;
      const folder = isFile ? dirname(place) : place;
      const names = await readdir(folder).catch((cause: unknown) => { throw unreadable(folder, cause); });
      const entries = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => entryOf(folder, name)));
      return {
        path: folder, places: await placesOf(home), file: isFile ? await entryOf(folder, basename(place)) : null,
        parent: dirname(folder) === folder ? null : dirname(folder),
        entries: entries.filter((entry) => entry !== null).sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name)),
      };
    },
    'files.classify': async ({ path }) => {
      const place = resolve(path);
      const found = await stat(place).catch((cause: unknown) => { throw new Problem(`${place} is not there.`, { cause }); });
      return { path: place, kind: found.isDirectory() ? await folderKind(place) : fileKind(place) };
    },
    'files.find': async (sought) => ({
      path: await findFile(sought, [...(await usedFolders(home)).map((path) => ({ path, depth: 1 })), ...modelPlaces(homedir())]),
    }),
  };
}

/** Folders of data and models that are known, those of the data folder left out: what lies there was put there by Retort and is reached by itself. */
async function usedFolders({ path, database }: Home): Promise<string[]> {
  const [drafts, runs, models] = await Promise.all([listDrafts(database), listRuns(database), listModels(database)]);
  const used = [
    ...drafts.map(({ recipe }) => (recipe['data'] as { train?: unknown } | undefined)?.train),
    ...runs.slice(0, 20).map(({ recipe }) => recipe.data.train),
    ...models.map((model) => model.path),
  ].filter((file) => typeof file === 'string').map((file) => dirname(file));
  return [...new Set(used)].filter((folder) => !isBelow(folder, path));
}

/** The person's home, Retort's own folders and the folders that were used last: where a search begins. */
async function placesOf(home: Home): Promise<FilePlace[]> {
  const { path } = home;
  const recent = (await usedFolders(home)).slice(0, 4);
  return [
    { name: 'Home', path: homedir() },
    { name: 'Data folder', path },
    { name: 'Sample', path: resource('sample') },
    ...recent.map((folder) => ({ name: basename(folder) || folder, path: folder })),
  ].filter((place, at, all) => existsSync(place.path) && all.findIndex((other) => other.path === place.path) === at);
}

function unreadable(folder: string, cause: unknown): Problem {
  const { code } = cause as NodeJS.ErrnoException;
  const why = { ENOENT: 'is not there', ENOTDIR: 'is not there', EACCES: 'may not be read by you', EPERM: 'may not be read by you' }[code ?? ''];
  return new Problem(`The folder ${folder} ${why ?? `cannot be read: ${(cause as Error).message}`}.`, { hint: 'Choose another one.', cause });
}

async function entryOf(folder: string, name: string): Promise<FolderEntry | null> {
  const path = join(folder, name);
  // A link that leads nowhere is not there.
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return { name, path, isFolder: true, bytes: null, kind: await folderKind(path) };
  return found && { name, path, isFolder: false, bytes: found.size, kind: fileKind(path) };
}

async function folderKind(path: string): Promise<FileKind> {
  const names = await readdir(path).catch((): string[] => []);
  return names.some((name) => name === 'config.json' || name === 'adapter_config.json') && names.some((name) => name.endsWith('.safetensors')) ? 'model' : 'folder';
}

function fileKind(path: string): FileKind {
  const plain = path.toLowerCase().replace(/\.gz$/, '');
  // `.retort.json` is what recipes were called before.
  if (/\.retort(\.json)?$/.test(plain)) return 'recipe';
  if (extname(plain) === '.gguf') return 'gguf';
  return DATA.has(extname(plain)) ? 'data' : 'other';
}
