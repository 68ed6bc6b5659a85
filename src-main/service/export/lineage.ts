import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ExportOrigin } from '../../contract/export-report.ts';
import type { Ancestor } from '../../contract/lineage.ts';
import { localTeacher, teacherName } from '../../contract/local-teacher.ts';
import { trainingFilesOf } from '../../contract/stages.ts';
import { lastName } from '../../export/without-folders.ts';
import { frontMatter } from '../../model/front-matter.ts';
import { licenceIn, saidOf, type Said } from '../../model/said-of.ts';
import { baseOf } from '../../model/adapter/open-adapted.ts';
import { readPeftConfig } from '../../model/adapter/peft-config.ts';
import { isAdapter } from '../../model/adapter/saved-adapter.ts';
import { readOrigin } from '../../model/student-origin.ts';
import { readSource } from '../hub/source-file.ts';
import { isRunFolder, runPaths } from '../../run-folder/run-folder.ts';
import { readRecipe } from '../recipe/recipe-file.ts';

/** Most models that one may come from one after the other. */
const DEEPEST = 6;

/** Whom an export comes from: its base model, its teacher, its data, each with the licence that it names. */
export async function lineageOf(model: string, origin: ExportOrigin | null): Promise<Ancestor[]> {
  if (origin === null) return [await ancestor('base model', model)];
  const { teacher, student } = origin.recipe;
  const local = localTeacher(origin.recipe);
  const judge: Ancestor[] = local ? [await ancestor('teacher', local.model)]
    : teacher ? [{ role: 'teacher', name: teacherName(origin.recipe)!, id: null, licence: null, saidBy: null }] : [];
  return [await ancestor('base model', student.model), ...judge, ...await Promise.all(trainingFilesOf(origin.recipe).map(ofData))];
}

async function ancestor(role: Ancestor['role'], path: string): Promise<Ancestor> {
  const { path: first, said } = await firstThatSays(path, DEEPEST);
  const via = first === path ? '' : `${lastName(first)}, which it was made from: `;
  return { role, name: lastName(path), id: said.id, licence: said.licence, saidBy: said.saidBy && via + said.saidBy };
}

/** The model itself, or the one that it was made from where only that says what it is. */
async function firstThatSays(path: string, depth: number): Promise<{ path: string; said: Said }> {
  const own = await saidOfFolder(path);
  if (own.licence !== null || depth === 0) return { path, said: own };
  const from = await madeFrom(path);
  if (from === null || !existsSync(from)) return { path, said: own };
  const before = await firstThatSays(from, depth - 1);
  return before.said.licence === null && before.said.id === null ? { path, said: own } : before;
}

async function saidOfFolder(path: string): Promise<Said> {
  const source = await readSource(statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path));
  const own = await saidOf(path);
  if (source === null) return own;
  return { id: source.id, licence: source.licence ?? own.licence, saidBy: source.licence === null ? own.saidBy : `its page on ${new URL(source.hub).host}` };
}

/** The teacher whose layers a student has, the model that a run began from, the base of an adapter. */
async function madeFrom(path: string): Promise<string | null> {
  const origin = await readOrigin(path);
  if (origin) return origin.madeFrom;
  const runDir = dirname(dirname(dirname(path)));
  if (basename(path) === 'model' && isRunFolder(runDir)) return (await readRecipe(runPaths(runDir).recipe).catch(() => null))?.student.model ?? null;
  return isAdapter(path) ? readPeftConfig(path).then((config) => baseOf(path, config)).catch(() => null) : null;
}

/** A data set that was downloaded says so in its folder, or in one above. */
async function ofData(path: string): Promise<Ancestor> {
  let folder = dirname(path);
  for (let level = 0; level < 3; level++, folder = dirname(folder)) {
    const source = await readSource(folder);
    if (source) return { role: 'data', name: lastName(path), id: source.id, licence: source.licence, saidBy: source.licence && `its page on ${new URL(source.hub).host}` };
  }
  const licence = licenceIn(frontMatter(await readFile(join(dirname(path), 'README.md'), 'utf8').catch(() => '')));
  return { role: 'data', name: lastName(path), id: null, licence, saidBy: licence && 'the README.md beside it' };
}
