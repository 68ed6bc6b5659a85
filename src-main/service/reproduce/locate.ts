import { resolve } from 'node:path';
import { asBegun } from '../../contract/products.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { pathsOf, withPaths } from '../../contract/recipe-paths.ts';
import type { Departure, ReproducedRun, Reproduction } from '../../contract/reproduction.ts';
import { lastName, shareableRecipe } from '../../export/without-folders.ts';
import { digestOfText } from '../../files/digest.ts';
import { listExports } from '../../store/exports.ts';
import { findRun } from '../../store/runs.ts';
import type { Database } from '../../store/sqlite.ts';
import { parseRecipe } from '../recipe/recipe-file.ts';
import { findHeld } from './find-held.ts';

/** Where a person says that models and data lie, and where they usually do: folders that hold them, or the things themselves. */
export interface Places { models: readonly string[]; data: readonly string[]; usual: readonly string[] }

/** Everything that an export stands on: found here, or told to be missing or to be another one. */
export interface Located {
  /** With the places of this machine; null for a model that no run made. */
  recipe: Recipe | null;
  /** What was exported as it was; null where a run has trained it, or it is missing. */
  model: string | null;
  /** The texts it was measured on; null for none. */
  texts: string | null;
  departures: Departure[];
}

/** Where a run's command works; nothing of it was noted. */
const WORKPLACE = 'method.reward.directory';

export async function locate(database: Database, folder: string, { run, model, inputs, texts }: Reproduction, places: Places): Promise<Located> {
  const departures: Departure[] = [];
  const find = async (field: string, path: string, known: string | null): Promise<string | null> => {
    const found = await findHeld(field, path, inputs.filter((held) => held.field === field), { given: field.endsWith('model') ? places.models : places.data, known, usual: places.usual });
    departures.push(...found.departures);
    return found.path;
  };
  if (run === null) {
    const source = (await listExports(database)).find((known) => known.folder === folder)?.source ?? null;
    return { recipe: null, model: await find('model', model ?? '', source), texts: texts && await find('texts', texts.data, null), departures };
  }
  const known = await knownRecipe(database, run);
  const named = known ?? recipeOf(run);
  const found = new Map<string, string>();
  for (const [field, path] of pathsOf(named)) {
    const place = field.endsWith(WORKPLACE) ? resolve(places.data[0] ?? places.usual[0] ?? '.', path) : await find(field, path, known && path);
    if (place !== null) found.set(field, place);
  }
  const recipe = withPaths(named, (path, field) => found.get(field) ?? path);
  const own = texts && [recipe.data.validation, recipe.data.train].find((path) => path !== undefined && lastName(path) === texts.data);
  return { recipe, model: null, texts: texts && (own ?? await find('texts', texts.data, null)), departures };
}

/** The recipe of the history, which has all places; null where it does not know the run, or has another recipe for it. */
async function knownRecipe(database: Database, { id, recipeSha256 }: ReproducedRun): Promise<Recipe | null> {
  const known = await findRun(database, id).catch(() => null);
  return known && digestOfText(shareableRecipe(known.recipe)) === recipeSha256 ? known.recipe : null;
}

/** @throws Problem where it is not the recipe that its digest is of */
function recipeOf({ recipe, recipeSha256 }: ReproducedRun): Recipe {
  if (digestOfText(JSON.stringify(recipe, null, 2)) !== recipeSha256) {
    throw new Problem('The recipe in this export is not the one that its digest names: it was changed since.', { hint: 'Get the export again from where it came from. A recipe that was changed by intent is a run of its own: retort run.' });
  }
  return parseRecipe(asBegun(recipe), 'The recipe in this export');
}
