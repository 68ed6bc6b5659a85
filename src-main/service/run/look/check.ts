import type { Finding } from '../../../contract/finding.ts';
import type { MemoryForecast, Remedy } from '../../../contract/forecast.ts';
import { Problem } from '../../../contract/problem.ts';
import type { DataSettings, Recipe } from '../../../contract/recipe.ts';
import { stagesOf } from '../../../contract/stages.ts';
import { CHECKS, START_CHECKS } from '../../../checks/list.ts';
import { findings, lookAt } from '../../../checks/look.ts';
import type { MemoryOutlook } from '../../../checks/needs.ts';
import { readParts } from '../../../data/read.ts';
import { makeExamples, type ExampleFields } from '../../../text/examples.ts';
import { refuseUnallowed } from '../../consent/reaches.ts';
import { materialOf, stepsOf } from './material.ts';
import { largestOf, sharedModels } from '../stages/prepare-stages.ts';
import { inStage, StageFindings } from '../stages/stage-findings.ts';

/** Everything that can be said of a recipe before a run of it begins: what keeps it from beginning, and what is worth knowing. */
export async function checkRun(recipe: Recipe, runDir: string, { signal, isStart, allowed, serverKey }: { signal?: AbortSignal; isStart: boolean; allowed: readonly string[]; serverKey?: string | undefined }): Promise<Finding[]> {
  const [open, found, words] = [sharedModels(), [] as Finding[], new StageFindings(recipe)];
  const stages = stagesOf(recipe).map((stage, at) => ({ ...stage, at, material: materialOf(stage.recipe, runDir, { signal, serverKey, open, heldOut: stage.heldOut }) }));
  for (const { at, recipe: own, heldOut, material } of stages) {
    const tell = (finding: Finding): unknown => found.push(...words.of(at, finding));
    for await (const finding of lookAt(CHECKS, material)) tell(finding);
    (await findings('choices', async () => { await material.questions(); return []; })).forEach(tell);
    (await withoutModels(own, heldOut, material.models(), signal)).forEach(tell);
  }
  if (isStart && !found.some(({ level }) => level === 'problem')) {
    refuseUnallowed(recipe, allowed);
    for (const { at, material } of stages) for await (const finding of lookAt(START_CHECKS, material)) found.push(...words.of(at, finding));
  }
  return [...new Map(found.toReversed().map((finding) => [finding.message, finding])).values()].toReversed();
}

/** What a recipe takes of memory, of its stages the one that takes most, and what would lower that. */
export async function memoryOfStages(recipe: Recipe, runDir: string, signal: AbortSignal): Promise<{ forecast: MemoryForecast; remedies: Remedy[] }> {
  const [open, words] = [sharedModels(), new StageFindings(recipe)];
  const outlooks: MemoryOutlook[] = [];
  for (const stage of stagesOf(recipe)) outlooks.push(await inStage(stage, () => materialOf(stage.recipe, runDir, { signal, open, heldOut: stage.heldOut }).memory()));
  const forecast = largestOf(outlooks.map((outlook) => outlook.forecast));
  const at = outlooks.findIndex((outlook) => outlook.forecast.peak === forecast.peak);
  return { forecast, remedies: (await outlooks[at]!.remedies()).map((remedy) => words.within(at, remedy)) };
}

/** Where there are no models to read the data for, a person still mends the data at the same time. */
async function withoutModels(recipe: Recipe, heldOut: DataSettings, models: Promise<unknown>, signal?: AbortSignal): Promise<Finding[]> {
  if (await models.then(() => true, (error: unknown) => !(error instanceof Problem))) return [];
  const { data } = recipe;
  const looks = [() => lookAtRows(data.train, data, signal), ...(heldOut.validation === undefined ? [] : [() => lookAtRows(heldOut.validation!, heldOut, signal)])];
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
