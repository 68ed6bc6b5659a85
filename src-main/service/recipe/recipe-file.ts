import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { resolveMethod, type Method } from '../../contract/presets.ts';
import { Problem } from '../../contract/problem.ts';
import { asBegun } from '../../contract/products.ts';
import { checkNesting } from '../../files/json-nesting.ts';
import { refuseIrregular } from '../../files/regular-file.ts';
import { recipeSchema, type Recipe } from '../../contract/recipe.ts';
import { withPaths } from '../../contract/recipe-paths.ts';
import { describeIssue } from './describe-issue.ts';

/**
 * Reads a recipe and makes its paths absolute: they are relative to the recipe's own folder.
 * @throws Problem that names the field, its value and what is allowed.
 */
export async function readRecipe(file: string): Promise<Recipe> {
  return recipeIn(await readJson(file), file, dirname(resolve(file)));
}

/** Reads the recipe of a run that was begun, perhaps by an older version. @throws Problem as `readRecipe` */
export async function readBegunRecipe(file: string): Promise<Recipe> {
  return recipeIn(asBegun(await readJson(file)), file, dirname(resolve(file)));
}

async function readJson(file: string): Promise<unknown> {
  await refuseIrregular(file);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Problem(`Recipe ${file} cannot be read.`, { hint: 'Check the path.', cause });
  });
  let json: unknown;
  try {
    // Some editors begin a file with a mark.
    json = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new Problem(`Recipe ${file} is not JSON: ${(cause as Error).message}`, { hint: 'Look for a missing comma or quote.', cause });
  }
  checkNesting(json, `Recipe ${file}`);
  return json;
}

/** Validates a recipe whose paths are relative to the folder `base`. `source` begins the message. */
export function recipeIn(json: unknown, source: string, base: string): Recipe {
  return withPaths(parseRecipe(json, source), (path) => resolve(base, path));
}

/** Validates a recipe from anywhere. `source` begins the message. */
export function parseRecipe(json: unknown, source: string): Recipe {
  const parsed = recipeSchema.safeParse(withOurNames(json));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => describeIssue(issue, json, recipeSchema));
    throw new Problem(`${source}: ${lines.join('; ')}`, { hint: 'docs/recipe.md lists every field.' });
  }
  return parsed.data;
}

/** What other programs call data.template: a recipe may say it as well. */
const TEMPLATE_NAMES = ['chatTemplateKwargs', 'chat_template_kwargs'];

function withOurNames(json: unknown): unknown {
  const { data } = (json ?? {}) as { data?: unknown };
  const name = TEMPLATE_NAMES.find((other) => typeof data === 'object' && data !== null && other in data && !('template' in data));
  if (name === undefined) return json;
  const { [name]: template, ...rest } = data as Record<string, unknown>;
  return { ...json as object, data: { ...rest, template } };
}

/** The method of a recipe without stages, with every choice made. @throws Problem where the recipe contradicts its preset. */
export function methodOf(recipe: Pick<Recipe, 'method'>): Method {
  const { method, conflicts } = resolveMethod(recipe.method);
  const [conflict] = conflicts;
  if (conflict) {
    throw new Problem(
      `${conflict.field} is ${JSON.stringify(conflict.value)}, but the preset "${method.preset}" means ${conflict.allowed}.`,
      { hint: `Leave the field out, or use the preset "gkd".` });
  }
  return method;
}
