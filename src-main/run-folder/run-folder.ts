import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import { clearLeftovers } from './checkpoint-folder.ts';
import { digestOf } from '../files/digest.ts';
import { syncTree } from '../files/sync-tree.ts';
import { writeWhole } from '../files/write-whole.ts';
import { acquireLock, isLockFile } from './run-lock.ts';

/** A run folder that this process has locked. */
export interface RunFolder {
  readonly path: string;
  readonly recipe: string;
  /** SHA-256 of the recipe as it was written, a line as `sha256sum` writes it. */
  readonly recipeDigest: string;
  readonly checkpoints: string;
  readonly rollouts: string;
  readonly log: string;
  /** Gives the lock back. */
  close(): Promise<void>;
}

const RECIPE = 'recipe.json';

/** The places in a run folder. */
export function runPaths(path: string): Omit<RunFolder, 'close'> {
  return {
    path,
    recipe: join(path, RECIPE),
    recipeDigest: join(path, 'recipe.sha256'),
    checkpoints: join(path, 'checkpoints'),
    rollouts: join(path, 'rollouts'),
    log: join(path, 'log.txt'),
  };
}

/** Whether a folder is one of a run, so that deleting it deletes nothing else. */
export function isRunFolder(path: string): boolean {
  return existsSync(join(path, RECIPE)) && existsSync(join(path, 'checkpoints'));
}

/**
 * Makes a run folder, locks it and writes the recipe as started.
 * @throws Problem where the folder holds anything already, or cannot be written.
 */
export async function createRunFolder(path: string, recipe: Recipe): Promise<RunFolder> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new Problem(`Run folder ${path} cannot be made.`, { hint: 'Choose another place with --run-dir.', cause: error });
  });
  await refuseContents(path);
  return locked(path, async (paths) => {
    // Once more under the lock: another process may have filled it meanwhile.
    await refuseContents(path);
    await mkdir(paths.checkpoints, { recursive: true });
    await mkdir(paths.rollouts, { recursive: true });
    await clearTemporary(path);
    await writeRecipe(paths, recipe);
    await syncTree(path);
  });
}

async function clearTemporary(path: string): Promise<void> {
  for (const name of await readdir(path)) if (HALF_MADE.test(name) && name.includes('.tmp-')) await rm(join(path, name));
}

/** Writes a run's recipe with its checksum beside it. */
export async function writeRecipe({ recipe: file, recipeDigest }: Pick<RunFolder, 'recipe' | 'recipeDigest'>, recipe: Recipe): Promise<void> {
  await writeWhole(file, [`${JSON.stringify(recipe, null, 2)}\n`], { replace: true });
  await writeWhole(recipeDigest, [`${await digestOf(file)}  ${RECIPE}\n`], { replace: true });
}

/**
 * Locks an existing run folder to go on with it, and clears away what a killed process left half written.
 * @throws Problem where it is no run folder or another process computes in it.
 */
export async function openRunFolder(path: string): Promise<RunFolder> {
  if (!existsSync(path)) throw new Problem(`Run folder ${path} is not there.`, { hint: 'If it was moved, name its new place: retort resume FOLDER.' });
  if (!existsSync(join(path, RECIPE))) {
    throw new Problem(`${path} is not a run folder: it has no ${RECIPE}.`, { hint: '`retort runs` lists the runs and their folders.' });
  }
  return locked(path, async (paths) => {
    await clearLeftovers(paths.checkpoints);
  });
}

async function locked(path: string, prepare: (paths: Omit<RunFolder, 'close'>) => Promise<void>): Promise<RunFolder> {
  const lock = await acquireLock(path, 'Run folder');
  const paths = runPaths(path);
  try {
    await prepare(paths);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return { ...paths, close: () => lock.release() };
}

/** What the making of a folder leaves that was cut off before it had its recipe. */
const HALF_MADE = /^(checkpoints|rollouts|recipe\.json\.tmp-\d+)$/;

async function refuseContents(path: string): Promise<void> {
  const contents: string[] = [];
  for (const name of await readdir(path)) {
    if (isLockFile(name)) continue;
    const held = HALF_MADE.test(name) ? await readdir(join(path, name)).catch(() => []) : null;
    if (held === null || held.length > 0) contents.push(name);
  }
  if (contents.length > 0) {
    throw new Problem(`Run folder ${path} is not empty.`, {
      hint: contents.includes(RECIPE) ? 'Choose another one with --run-dir, or go on with this run: retort resume.' : 'Choose another one with --run-dir.',
    });
  }
}
