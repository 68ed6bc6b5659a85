import type { z } from 'zod';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { stagesOf } from '../../contract/stages.ts';
import type { Study } from '../../contract/study.ts';
import { methodOf, recipeIn } from '../recipe/recipe-file.ts';
import { mergePatch } from '../../contract/merge-patch.ts';

type Json = z.core.util.JSONType;
type JsonObject = Record<string, Json>;

/** Runs of one study: each is planned, checked and kept in memory before the first begins. */
const MOST_RUNS = 2000;

/** What a line of the table is about: an arm at a point of the grid, with all its seeds. */
export interface System { arm: string; point: Readonly<Record<string, Json>> }

/** One run of a study. */
export interface PlannedRun extends System {
  /** Names the run within its study, fit to be a folder. */
  key: string;
  seed: number;
  recipe: Recipe;
}

/**
 * Every run of a study, in order: arms, then the grid, then seeds last, so that each system is whole before the next.
 * @param source  the study's file, for messages
 * @param base    the folder its paths are relative to
 * @throws Problem that names the arm where its recipe is wrong
 */
export function planStudy(study: Study, source: string, base: string): PlannedRun[] {
  const count = study.arms.length * study.seeds.length * Object.values(study.grid).reduce((product, values) => product * values.length, 1);
  if (count > MOST_RUNS) {
    throw new Problem(`${source}: arms, grid and seeds make ${count.toLocaleString('en')} runs, and a study has at most ${MOST_RUNS.toLocaleString('en')}.`, { hint: 'Try fewer values of each field, or split the study.' });
  }
  const points = combinations(Object.entries(study.grid));
  const runs = study.arms.flatMap((arm) => points.flatMap((point) => study.seeds.map((seed): PlannedRun => {
    const title = [arm.name, ...Object.entries(point).map(([field, value]) => `${field.split('.').at(-1)}=${JSON.stringify(value)}`), `seed=${seed}`].join(' ');
    const set = Object.entries(point).map(([field, value]) => nest(field, value));
    const json = [arm.recipe, ...set, { name: `${study.name}: ${title}`, seed }].reduce<JsonObject>(mergePatch, study.recipe);
    const recipe = recipeIn(json, `${source}, arm "${arm.name}"`, base);
    for (const stage of stagesOf(recipe)) methodOf(stage.recipe);
    for (const field of Object.keys(point)) refuseUnused(field, recipe, `${source}, arm "${arm.name}"`);
    return { key: folderName(title), arm: arm.name, point, seed, recipe };
  })));
  const seen = new Set<string>();
  for (const { key } of runs) {
    if (seen.has(key)) throw new Problem(`${source}: two runs would be called "${key}".`, { hint: 'Give each arm a name of its own, and no seed or grid value twice.' });
    seen.add(key);
  }
  return runs;
}

/** A recipe's stages may all say themselves what a grid varies: then its runs would be the same. */
function refuseUnused(field: string, recipe: Recipe, source: string): void {
  const [section, name] = field.split('.');
  const { stages } = recipe;
  if (!stages || name === undefined || (section !== 'method' && section !== 'train' && section !== 'data' && section !== 'evaluate')) return;
  const says = (stage: (typeof stages)[number]): boolean => (section === 'method' && stage.method?.preset !== undefined) || Object.hasOwn(stage[section] ?? {}, name);
  if (!stages.every(says)) return;
  throw new Problem(`${source}: the grid varies ${field}, and every stage of the recipe says that itself.`, { hint: `Leave it out of the stage that shall vary, or make arms with stages of their own.` });
}

/** Whether two lines of the table are the same. */
export const systemKey = ({ arm, point }: System): string => JSON.stringify([arm, point]);

function combinations([first, ...rest]: [string, Json[]][]): JsonObject[] {
  if (!first) return [{}];
  const [field, values] = first;
  const others = combinations(rest);
  return values.flatMap((value) => others.map((other) => ({ [field]: value, ...other })));
}

/** `a.b` and a value as `{a: {b: value}}`. */
function nest(field: string, value: Json): JsonObject {
  return field.split('.').reduceRight<Json>((inner, name) => ({ [name]: inner }), value) as JsonObject;
}

const folderName = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9.=-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '');
