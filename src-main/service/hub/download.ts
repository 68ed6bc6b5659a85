import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { isDiskFull } from '../../files/disk-space.ts';
import { listTree } from '../../files/list-tree.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { syncTree } from '../../files/sync-tree.ts';
import { fetchFile, partOf } from '../../hub/fetch-file.ts';
import type { Hub } from '../../hub/hub.ts';
import { filePath, type Repository } from '../../hub/repository.ts';
import type { RepositoryFile } from '../../hub/repository-files.ts';
import { refuseUnsafe } from '../../hub/safe-path.ts';
import { acquireLock, isLockFile } from '../../run-folder/run-lock.ts';
import { readSource, SOURCE_FILE, writeSource } from './source-file.ts';
import { refuseTooLarge } from './space.ts';

/** Files of one commit, and the folder that they become. */
export interface Download {
  readonly repository: Repository;
  readonly commit: string;
  readonly licence: string | null;
  readonly files: readonly RepositoryFile[];
  /** Absolute. */
  readonly place: string;
}

export interface DownloadSettings {
  readonly signal?: AbortSignal | undefined;
  onProgress(file: string, done: number, total: number): void;
}

/**
 * Downloads files into a folder that is not there yet, or that has others of the same commit. They are gathered beside
 * it, in a hidden folder that no model is ever opened from and that a later call goes on with, and come into their place
 * when all are whole. @returns whether all of them were there already. @throws Problem, the reason of `signal`
 */
export async function download(hub: Hub, { repository, commit, licence, files, place }: Download, settings: DownloadSettings): Promise<boolean> {
  refuseUnsafe(repository.id, files.map(({ path }) => path));
  const missing = await missingOf(hub, repository, commit, files, place);
  if (missing.length === 0) return true;
  const gathering = gatheringPlace(place);
  try {
    await mkdir(gathering, { recursive: true });
    const lock = await acquireLock(gathering, 'The folder of this download');
    try {
      await clear(gathering, missing);
      await refuseTooLarge(gathering, await bytesMissing(gathering, missing));
      await fetchAll(hub, repository, commit, missing, gathering, settings);
      await writeSource(gathering, { hub: hub.url, id: repository.id, commit, licence });
    } finally {
      await lock.release();
    }
    await putInPlace(gathering, place, missing);
  } catch (error) {
    throw asProblem(place, error);
  }
  return false;
}

/** Where what is downloaded waits until it is whole. */
const gatheringPlace = (place: string): string => join(dirname(place), `.${basename(place)}.download`);

async function fetchAll(hub: Hub, repository: Repository, commit: string, files: readonly RepositoryFile[], folder: string, { signal, onProgress }: DownloadSettings): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const file of files) {
    signal?.throwIfAborted();
    await mkdir(dirname(join(folder, file.path)), { recursive: true });
    await fetchFile(hub, { address: filePath(repository, commit, file.path), repository, file: file.path }, file, join(folder, file.path), { signal, onBytes: (here) => onProgress(file.path, before + here, total) });
    before += file.bytes;
  }
}

/** @throws Problem where something lies in the place that is not of this commit */
async function missingOf(hub: Hub, { id }: Repository, commit: string, files: readonly RepositoryFile[], place: string): Promise<readonly RepositoryFile[]> {
  if (!existsSync(place)) return files;
  const source = await readSource(place);
  const hint = 'Nothing is overwritten: give another folder, or move this one away.';
  if (source?.id !== id || source.hub !== hub.url) throw new Problem(`${place} is there already and is not ${id} from ${new URL(hub.url).host}.`, { hint });
  if (source.commit !== commit) throw new Problem(`${place} has ${id} of commit ${source.commit.slice(0, 12)}, and now it is at ${commit.slice(0, 12)}.`, { hint: `${hint} ${id}@${source.commit.slice(0, 12)} names the earlier one.` });
  const missing: RepositoryFile[] = [];
  for (const file of files) {
    const found = await stat(join(place, file.path)).catch(() => null);
    if (found === null) missing.push(file);
    else if (!found.isFile() || found.size !== file.bytes) throw new Problem(`${join(place, file.path)} has been changed since it was downloaded.`, { hint });
  }
  return missing;
}

/** Takes away what an earlier download of another commit or of other files left. */
async function clear(folder: string, files: readonly RepositoryFile[]): Promise<void> {
  const wanted = new Set(files.flatMap((file) => [file.path, partOf(file.path, file)]));
  for (const path of await listTree(folder)) if (!wanted.has(path) && !isLockFile(basename(path))) await rm(join(folder, path), { force: true });
}

async function bytesMissing(folder: string, files: readonly RepositoryFile[]): Promise<number> {
  let sum = 0;
  for (const file of files) {
    const place = join(folder, file.path);
    const found = await stat(place).catch(() => stat(partOf(place, file))).catch(() => null);
    sum += Math.max(0, file.bytes - (found?.size ?? 0));
  }
  return sum;
}

async function putInPlace(gathering: string, place: string, files: readonly RepositoryFile[]): Promise<void> {
  await syncTree(gathering);
  if (!existsSync(place)) {
    await rename(gathering, place);
  } else {
    for (const path of [...files.map((file) => file.path), SOURCE_FILE]) {
      const to = join(place, path);
      if (path !== SOURCE_FILE && existsSync(to)) throw new Problem(`${to} is there already.`, { hint: 'Nothing is overwritten: give another folder, or move it away.' });
      await mkdir(dirname(to), { recursive: true });
      await rename(join(gathering, path), to);
    }
    await rm(gathering, { recursive: true, force: true });
  }
  await syncFolder(dirname(place));
}

/** What the operating system refuses is no mistake of the program; all else passes unchanged. */
function asProblem(place: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  const isFull = isDiskFull(error.code);
  return new Problem(isFull ? `The disk is full: ${place} is not whole yet.` : `${place} cannot be written: ${error.message}`, {
    kind: 'failure', hint: isFull ? 'Free some space; the same download goes on from what is there.' : 'Check that you may write there.', cause: error,
  });
}
