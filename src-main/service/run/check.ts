import type { Finding } from '../../contract/finding.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { CHECKS, START_CHECKS } from '../../checks/list.ts';
import { findings, lookAt } from '../../checks/look.ts';
import { readParts } from '../../data/read.ts';
import { makeExamples, type ExampleFields } from '../../text/examples.ts';
import { refuseUnallowed } from '../consent/reaches.ts';
import { materialOf, stepsOf } from './material.ts';

/** Everything that can be said of a recipe before a run of it begins: what keeps it from beginning, and what is worth knowing. */
export async function checkRun(recipe: Recipe, runDir: string, { signal, isStart, allowed, serverKey }: { signal?: AbortSignal; isStart: boolean; allowed: readonly string[]; serverKey?: string | undefined }): Promise<Finding[]> {
  const material = materialOf(recipe, runDir, { signal, serverKey });
  const found: Finding[] = [];
  for await (const finding of lookAt(CHECKS, material)) found.push(finding);
  found.push(...await findings('choices', async () => { await material.questions(); return []; }));
  if (isStart && !found.some(({ level }) => level === 'problem')) {
    refuseUnallowed(recipe, allowed);
    for await (const finding of lookAt(START_CHECKS, material)) found.push(finding);
  }
  found.push(...await withoutModels(recipe, material.models(), signal));
  return [...new Map(found.toReversed().map((finding) => [finding.message, finding])).values()].toReversed();
}

/** Where there are no models to read the data for, a person still mends the data at the same time. */
async function withoutModels(recipe: Recipe, models: Promise<unknown>, signal?: AbortSignal): Promise<Finding[]> {
  if (await models.then(() => true, (error: unknown) => !(error instanceof Problem))) return [];
  const { data } = recipe;
  const files = [data.train, data.validation].filter((path) => path !== undefined);
  const looks = files.map((path) => () => lookAtRows(path, data, signal));
  const found: Finding[] = [];
  for (const look of [...looks, async () => { stepsOf(recipe, 1); }]) found.push(...await findings('data', async () => { await look(); return []; }));
  return found;
}

async function lookAtRows(path: string, fields: ExampleFields, signal?: AbortSignal): Promise<void> {
  let first = 0;
  for await (const rows of readParts(path, Infinity, signal)) {
    makeExamples(rows, path, fields, first);
    first += rows.length;
  }
}
