import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import type { FileKind, FolderEntry } from '../../../contract/api/api.ts';
import { Problem } from '../../../contract/problem.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

const DATA = new Set(['.jsonl', '.ndjson', '.csv', '.tsv', '.parquet', '.json']);

export function fileCalls(): Handlers<CallsOf<'files'>> {
  return {
    'files.list': async ({ path }) => {
      const folder = resolve(path === '' || path === '~' ? homedir() : path);
      const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
        throw new Problem(`Folder ${folder} cannot be read (${cause.code ?? cause.message}).`, { hint: 'Choose another one.', cause });
      });
      const entries = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => entryOf(folder, name)));
      return {
        path: folder,
        parent: dirname(folder) === folder ? null : dirname(folder),
        entries: entries.filter((entry) => entry !== null).sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name)),
      };
    },
    'files.classify': async ({ path }) => {
      const place = resolve(path);
      const found = await stat(place).catch((cause: unknown) => { throw new Problem(`${place} is not there.`, { cause }); });
      return { path: place, kind: found.isDirectory() ? await folderKind(place) : fileKind(place) };
    },
  };
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
  return names.includes('config.json') && names.some((name) => name.endsWith('.safetensors')) ? 'model' : 'folder';
}

function fileKind(path: string): FileKind {
  const plain = path.toLowerCase().replace(/\.gz$/, '');
  // `.retort.json` is what recipes were called before.
  if (/\.retort(\.json)?$/.test(plain)) return 'recipe';
  if (extname(plain) === '.gguf') return 'gguf';
  return DATA.has(extname(plain)) ? 'data' : 'other';
}
