import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { TEMPLATE_FILES } from '../contract/template-files.ts';
import type { JsonObject } from '../files/json-object.ts';
import type { ModelFiles } from './model-files.ts';
import type { WeightPrecision } from '../contract/model-description.ts';
import { spellConfig } from './config/spell.ts';
import { namesOf } from './precision.ts';
import { clearLeftBehind } from './left-behind.ts';
import { isDiskFull } from '../files/disk-space.ts';
import { listTree } from '../files/list-tree.ts';
import { syncFolder } from '../files/sync-folder.ts';
import type { Companions } from '../text/companions.ts';
import { writeSafetensors, type TensorToWrite } from './safetensors-write.ts';

/** What belongs to a model besides its config and weights. */
const COMPANIONS = [
  'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.json', 'merges.txt', 'tokenizer.model',
  ...TEMPLATE_FILES, 'generation_config.json', 'LICENSE', 'LICENSE.txt',
];

export interface ModelContents {
  /** Where tokenizer and generation settings are copied from, and the config unless another is given. */
  readonly from: Pick<ModelFiles, 'companions' | 'rawConfig'>;
  readonly config?: JsonObject;
  readonly tensors: readonly TensorToWrite[];
  readonly precision: WeightPrecision;
}

/** Writes a model into a folder that does not exist yet; its files are on the disk when it returns. */
export async function writeModel(folder: string, { from, config = from.rawConfig, tensors, precision }: ModelContents): Promise<void> {
  const { format, dtype } = namesOf(precision);
  await mkdir(folder);
  await copyCompanions(from.companions, folder);
  // Transformers 5 renamed the field; a folder keeps the spelling that it came with.
  const field = 'torch_dtype' in config ? 'torch_dtype' : 'dtype';
  await writeConfig(join(folder, 'config.json'), { ...config, [field]: dtype });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, format);
}

/** Copies tokenizer, chat template and generation settings from one model to another's folder. */
export async function copyCompanions(from: Companions, to: string): Promise<void> {
  for (const name of COMPANIONS) {
    // Not `copyFile`, which would make a copy read-only where the original is.
    const bytes = await from.bytes(name);
    if (!bytes) continue;
    const place = join(to, name);
    await mkdir(dirname(place), { recursive: true });
    await writeNew(place, bytes);
    await syncFolder(dirname(place));
  }
}

/** Writes a new file of JSON and waits until it is on the disk. */
export async function writeJson(path: string, value: object): Promise<void> {
  await writeNew(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a new `config.json`, as Transformers can read it, and waits until it is on the disk. */
export async function writeConfig(path: string, config: object): Promise<void> {
  await writeNew(path, spellConfig(config));
}

/** As `writeModel`, for a folder that a person named. */
export async function publishModel(folder: string, contents: ModelContents): Promise<void> {
  await publishFolder(folder, (temporary) => writeModel(temporary, contents));
}

/**
 * Lets `write` make a folder beside its place and renames it there when it is whole and on the disk. Throws a `Problem`
 * if the place is taken, before anything is written, or if it cannot be written; a failure leaves nothing behind.
 * @param write makes the folder it is given, which does not exist yet, and syncs its files.
 * @param replaces  a file by which a folder is known that may give way to the new one
 * @param owned  of that folder, the files that go; what else lies in it is somebody else's and stays
 */
export async function publishFolder(
  folder: string, write: (temporary: string) => Promise<void>, { replaces = null, owned }: { replaces?: string | null; owned?: (folder: string) => Promise<ReadonlySet<string>> } = {},
): Promise<void> {
  const place = resolve(folder);
  checkPlace(place, replaces);
  const parent = dirname(place);
  const temporary = join(parent, `.${basename(place)}.tmp-${process.pid}`);
  const replaced = join(parent, `.${basename(place)}.old-${process.pid}`);
  try {
    await mkdir(parent, { recursive: true });
    await clearLeftBehind(place);
    await write(temporary);
    await syncFolder(temporary);
    if (existsSync(place)) {
      checkPlace(place, replaces);
      await rename(place, replaced);
    }
    await rename(temporary, place);
    if (owned && existsSync(replaced)) await keepForeign(replaced, place, await owned(replaced));
    await syncFolder(parent);
    await rm(replaced, { recursive: true, force: true });
  } catch (cause) {
    if (existsSync(replaced) && !existsSync(place)) await rename(replaced, place).catch(() => undefined);
    // The first failure is the one to tell.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asProblem(folder, cause);
  }
}

/** Moves what is not owned into the new folder; where both have a file of a name, the old one is kept beside the new. */
async function keepForeign(from: string, to: string, owned: ReadonlySet<string>): Promise<void> {
  for (const file of (await listTree(from)).filter((name) => !owned.has(name))) {
    const place = join(to, file);
    await mkdir(dirname(place), { recursive: true });
    await rename(join(from, file), existsSync(place) ? `${place}.before` : place);
  }
}

/** @throws Problem where something lies at a place, unless it is a folder known by `replaces`. */
export function checkPlace(place: string, replaces: string | null): void {
  if (!existsSync(place)) return;
  if (replaces === null) throw new Problem(`${place} exists already`, { hint: 'Nothing is overwritten: give a folder that does not exist yet.' });
  if (!existsSync(join(place, replaces))) {
    throw new Problem(`${place} exists already and is not what Retort has written there (it has no ${replaces})`, { hint: 'Give another folder, or move this one away.' });
  }
}

/** What the operating system refuses is no mistake of the program; all else passes unchanged. */
function asProblem(folder: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  if (isDiskFull(error.code)) {
    return new Problem(`the disk is full: ${folder} was not written`, { kind: 'failure', hint: 'Free some space and try again.', cause: error });
  }
  if (!('syscall' in error)) return error;
  return new Problem(`${folder} could not be written: ${error.message}`, { kind: 'failure', hint: 'Check that you may write there.', cause: error });
}

async function writeNew(path: string, contents: string | Uint8Array): Promise<void> {
  await writeFile(path, contents, { flag: 'wx', flush: true });
}
