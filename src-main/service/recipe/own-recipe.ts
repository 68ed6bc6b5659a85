import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { RunRecord } from '../../contract/history.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { digestOf } from '../../files/digest.ts';
import { insertLog } from '../../store/log.ts';
import { setRecipe } from '../../store/runs.ts';
import type { Database } from '../../store/sqlite.ts';
import type { Home } from '../home.ts';
import { parseRecipe, readBegunRecipe } from './recipe-file.ts';
import { runPaths, writeRecipe } from '../../run-folder/run-folder.ts';

/**
 * The run with the recipe it began with. The history has it, and so has the run's folder with a checksum beside it: where the
 * two differ and the checksum holds, the folder is right and the history is put right. Paths may differ, because a history follows its home.
 * @returns what was found, as a sentence that is in the run's log as well
 */
export async function settleRecipe({ database }: Home, run: RunRecord): Promise<{ run: RunRecord; warning: string | null }> {
  const { recipe: file, recipeDigest } = runPaths(run.runDir);
  const own = await readBegunRecipe(file).catch(() => null);
  if (own === null) return { run, warning: await bringBack(database, run) };
  // Older versions wrote no checksum.
  const noted = (await readFile(recipeDigest, 'utf8').catch(() => '')).slice(0, 64);
  const isAsWritten = noted === await digestOf(file);
  const isKnown = isSame(own, run.recipe);
  if (isKnown && (isAsWritten || noted === '')) return { run, warning: null };
  const warning = isKnown
    ? `${file} has been changed since the run began. The run goes on as it says now.`
    : isAsWritten
      ? 'The history had another recipe for this run than its folder, whose copy is as it was written. The run goes on with that of its folder.'
      : `${file} is not the recipe that this run began with. The run goes on with the one that the history has.`;
  if (!isKnown && isAsWritten) await setRecipe(database, run.id, own);
  await note(database, run, warning);
  return { run: !isKnown && isAsWritten ? { ...run, recipe: own } : run, warning };
}

/** Gives a folder with checkpoints its recipe again, without which no other history could take it in. */
async function bringBack(database: Database, { id, runDir, recipe }: RunRecord): Promise<string | null> {
  const paths = runPaths(runDir);
  // A run that never got to its start has no folder yet.
  if (!existsSync(paths.checkpoints)) return null;
  await writeRecipe(paths, recipe);
  const warning = `${paths.recipe} was missing or damaged; it has been written again as the history has it.`;
  await note(database, { id }, warning);
  return warning;
}

async function note(database: Database, { id }: Pick<RunRecord, 'id'>, message: string): Promise<void> {
  await insertLog(database, id, { at: Date.now(), step: 0, level: 'warning', code: 'recipe', message });
}

function isSame(own: Recipe, known: Recipe): boolean {
  try {
    return withoutPlaces(own) === withoutPlaces(parseRecipe(known, 'The recipe'));
  } catch {
    return false;
  }
}

const withoutPlaces = (recipe: Recipe): string => JSON.stringify(recipe, (_key, value: unknown) => (typeof value === 'string' && isAbsolute(value) ? '' : value));
