import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { isDiskFull } from '../files/disk-space.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { syncTree } from '../files/sync-tree.ts';

/**
 * The checkpoints of a run, `checkpoints/step-N`. A folder of that name is always whole: what is being
 * written, replaced or removed has a name that begins with a dot.
 */
export interface Checkpoint { step: number; path: string }

/** Where a checkpoint keeps its model, a folder in the Hugging Face layout. */
export const modelOf = (checkpoint: string): string => join(checkpoint, 'model');

/** Checkpoints, oldest first. */
export async function listCheckpoints(checkpoints: string): Promise<Checkpoint[]> {
  return (await listStepFolders(checkpoints)).filter(({ path }) => existsSync(join(path, 'state.json')));
}

/** The same with those from which something was taken away. */
export async function listStepFolders(checkpoints: string): Promise<Checkpoint[]> {
  if (!existsSync(checkpoints)) return [];
  return (await readdir(checkpoints))
    .map((name) => ({ step: Number(/^step-(\d+)$/.exec(name)?.[1] ?? NaN), path: join(checkpoints, name) }))
    .filter(({ step }) => !Number.isNaN(step))
    .sort((left, right) => left.step - right.step);
}

/**
 * Writes a checkpoint beside its place and renames it there once every byte is on the disk.
 * @param write fills the folder it is given with `model/`, `optimizer.safetensors` and `state.json`.
 * @returns the checkpoint's path.
 * @throws Problem of kind failure on a full disk or where it may not be written; the half-written folder is removed and earlier checkpoints are untouched.
 */
export async function publishCheckpoint(
  checkpoints: string, step: number, write: (folder: string) => Promise<void>,
): Promise<string> {
  const path = join(checkpoints, `step-${step}`);
  const temporary = hidden(checkpoints, step, 'tmp');
  const replaced = hidden(checkpoints, step, 'old');
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await write(temporary);
    await syncTree(temporary);
    // A run that went back to an earlier checkpoint writes this step again.
    if (existsSync(path)) await rename(path, replaced);
    await rename(temporary, path);
    await syncFolder(checkpoints);
  } catch (error) {
    // Cleaning up must not hide what happened; `clearLeftovers` does what it could not.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (existsSync(replaced)) await rename(replaced, path).catch(() => undefined);
    const lack = lackOf(error);
    throw lack === null ? error : await notWritten(lack, checkpoints, step, error);
  }
  await rm(replaced, { recursive: true, force: true });
  return path;
}

/** Removes all but the newest `keep` checkpoints and that of step `best`. */
export async function pruneCheckpoints(checkpoints: string, keep: number, best: number | null = null): Promise<void> {
  const all = await listCheckpoints(checkpoints);
  for (const { step, path } of all.slice(0, Math.max(0, all.length - keep))) {
    if (step === best) continue;
    const gone = hidden(checkpoints, step, 'gone');
    await rename(path, gone);
    await rm(gone, { recursive: true, force: true });
  }
}

/** Clears away what a killed process left. Only for the holder of the run's lock. */
export async function clearLeftovers(checkpoints: string): Promise<void> {
  if (!existsSync(checkpoints)) return;
  for (const name of await readdir(checkpoints)) {
    const [, step, kind] = /^\.(step-\d+)\.(tmp|old|gone)-\d+$/.exec(name) ?? [];
    if (!step) continue;
    const leftover = join(checkpoints, name);
    const place = join(checkpoints, step);
    // Killed between the two renames: the replaced checkpoint is whole and the only one of its step.
    if (kind === 'old' && !existsSync(place)) await rename(leftover, place);
    else await rm(leftover, { recursive: true, force: true });
  }
}

function hidden(checkpoints: string, step: number, kind: 'tmp' | 'old' | 'gone'): string {
  return join(checkpoints, `.step-${step}.${kind}-${process.pid}`);
}

/** What kept a file from being written, and what a person does about it. */
interface Lack { what: string; remedy: string }

/** Null where it was neither room nor rights. */
function lackOf(error: unknown): Lack | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? error.code : null;
  if (isDiskFull(code)) return { what: 'The disk is full', remedy: 'Make room' };
  // A limit of the process (ulimit -f), or of a file system such as FAT.
  if (code === 'EFBIG') return { what: 'The system lets no more be written', remedy: 'Make room' };
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return { what: 'The folder may not be written', remedy: 'Check the permissions of the run folder' };
  return lackOf(error.cause);
}

async function notWritten({ what, remedy }: Lack, checkpoints: string, step: number, cause: unknown): Promise<Problem> {
  const last = (await listCheckpoints(checkpoints)).at(-1);
  return new Problem(
    `${what}: the checkpoint of step ${step} could not be written. `
    + (last ? `The last checkpoint is whole: ${last.path}.` : 'There is no earlier checkpoint.'),
    { kind: 'failure', hint: last ? `${remedy}, then go on with \`retort resume\`.` : `${remedy}, then start again.`, cause });
}
