import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { JsonObject } from './config/fields.ts';
import type { ModelFolder } from './folder.ts';
import { namesOf, type WeightPrecision } from './precision.ts';
import { writeSafetensors, type TensorToWrite } from './safetensors-write.ts';

/** What belongs to a model besides its config and weights. */
const COMPANIONS = [
  'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.json', 'merges.txt', 'tokenizer.model',
  'chat_template.jinja', 'generation_config.json', 'LICENSE', 'LICENSE.txt',
];

export interface ModelContents {
  /** Where tokenizer and generation settings are copied from, and the config unless another is given. */
  readonly from: Pick<ModelFolder, 'path' | 'rawConfig'>;
  readonly config?: JsonObject;
  readonly tensors: readonly TensorToWrite[];
  readonly precision: WeightPrecision;
}

/** Writes a model into a folder that does not exist yet; weights are on the disk when it returns. */
export async function writeModel(folder: string, { from, config = from.rawConfig, tensors, precision }: ModelContents): Promise<void> {
  const { format, dtype } = namesOf(precision);
  await mkdir(folder);
  await copyCompanions(from.path, folder);
  // Transformers 5 renamed the field; a folder keeps the spelling that it came with.
  const field = 'torch_dtype' in config ? 'torch_dtype' : 'dtype';
  await writeFile(join(folder, 'config.json'), `${JSON.stringify({ ...config, [field]: dtype }, null, 2)}\n`, { flag: 'wx' });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, format);
}

/** Copies tokenizer, chat template and generation settings from one model's folder to another's. */
export async function copyCompanions(from: string, to: string): Promise<void> {
  for (const name of COMPANIONS) {
    const companion = join(from, name);
    if (existsSync(companion)) await copyFile(companion, join(to, name), constants.COPYFILE_EXCL);
  }
}

/** As `writeModel`, for a folder that a person named. */
export async function publishModel(folder: string, contents: ModelContents): Promise<void> {
  await publishFolder(folder, (temporary) => writeModel(temporary, contents));
}

/**
 * Lets `write` make a folder beside its place and renames it there when it is whole. Throws a `Problem` if the place is
 * taken, before anything is written, or if the disk is full; a failure leaves nothing behind.
 * @param write makes the folder it is given, which does not exist yet.
 */
export async function publishFolder(folder: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const place = resolve(folder);
  if (existsSync(place)) throw new Problem(`${folder} exists already`, { hint: 'Nothing is overwritten: give a folder that does not exist yet.' });
  const temporary = join(dirname(place), `.${basename(place)}.tmp-${process.pid}`);
  await mkdir(dirname(place), { recursive: true });
  try {
    await write(temporary);
    await rename(temporary, place);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw isDiskFull(cause) ? new Problem(`the disk is full: ${folder} was not written`, { kind: 'failure', hint: 'Free some space and try again.', cause }) : cause;
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
