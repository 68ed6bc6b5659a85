import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Correction, CorrectionMix } from '../../contract/correction.ts';
import type { RunRecord } from '../../contract/history.ts';
import type { RecipeInput } from '../../contract/recipe.ts';
import { writeJsonLines } from '../../data/write.ts';
import { newRunId } from '../ids.ts';
import { mixRows } from './mix-rows.ts';
import { repairedRun, repairRecipe } from './repair-recipe.ts';

/**
 * Writes what a run that learns from corrections is trained and measured on into `folder`. The files are its own: its data
 * must not change when more is kept later.
 */
export async function prepareRepair(folder: string, dataset: string, corrections: readonly Correction[], runs: readonly RunRecord[]): Promise<{ recipe: Partial<RecipeInput>; mix: CorrectionMix }> {
  const last = corrections.at(-1)!;
  const run = repairedRun(runs, last);
  const base = run?.recipe ?? null;
  const { train, validation, repetitions, originals } = await mixRows(corrections, base);
  const place = join(folder, `${dataset.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}-${newRunId()}`);
  await mkdir(folder, { recursive: true });
  const files = { train: `${place}.jsonl`, validation: validation === null ? undefined : `${place}-held-out.jsonl`, rows: train.length };
  await writeJsonLines(files.train, train);
  if (validation) await writeJsonLines(files.validation!, validation);
  const mix: CorrectionMix = {
    dataset, corrections: corrections.length, repetitions, originals,
    originalFile: originals > 0 ? basename(base!.data.train) : null, run: run?.name ?? null, isMeasuredAlike: validation !== null,
  };
  await writeFile(aboutOf(files.train), JSON.stringify(mix, null, 2));
  return { recipe: repairRecipe(`${run?.name ?? dataset}, corrected`.slice(0, 200), last, base, files), mix };
}

/** How a file of such a run was mixed; null where it is no such file. */
export async function readMix(train: string): Promise<CorrectionMix | null> {
  try {
    return JSON.parse(await readFile(aboutOf(train), 'utf8')) as CorrectionMix;
  } catch {
    return null;
  }
}

const aboutOf = (train: string): string => train.replace(/(\.jsonl)?$/, '.about.json');
