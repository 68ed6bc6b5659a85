import type { Finding } from '../../../contract/finding.ts';
import type { MemoryForecast } from '../../../contract/forecast.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import { stagesOf } from '../../../contract/stages.ts';
import { openWholeModel, type Model } from '../../../model/load-model.ts';
import { prepareRun, type PreparedRun, type PrepareOptions } from '../look/prepare.ts';
import { inStage, StageFindings } from './stage-findings.ts';

/** A stage that may compute; its recipe has no other. */
export interface PreparedStage extends PreparedRun {
  /** Null where the run is one stage. */
  name: string | null;
  /** Which one, from 1. */
  number: number;
  /** Steps that the run has made before it. */
  first: number;
  /** Passes over the training data before it. */
  firstEpoch: number;
}

/** A whole run of one stage or several, of which nothing has been written yet. */
export interface PreparedStages {
  stages: readonly PreparedStage[];
  /** Updates in all. */
  steps: number;
  /** Updates of each; nothing where the run is one part. */
  lengths: { stageSteps?: number[] };
  /** Of the stage that takes most. */
  memory: MemoryForecast;
  notices: Finding[];
}

/** Prepares every stage of a recipe. @throws Problem as `prepareRun`, with the name of the stage */
export async function prepareStages(recipe: Recipe, runDir: string, options: PrepareOptions = {}): Promise<PreparedStages> {
  const open = sharedModels();
  const found = new StageFindings(recipe);
  const [stages, notices]: [PreparedStage[], Finding[]] = [[], []];
  let [first, firstEpoch] = [0, 0];
  for (const [at, { name, recipe: own, heldOut }] of stagesOf(recipe).entries()) {
    const run = await inStage({ name }, () => prepareRun(own, runDir, { ...options, open, heldOut }));
    notices.push(...run.notices.flatMap((finding) => found.of(at, finding)));
    stages.push({ ...run, name, number: at + 1, first, firstEpoch });
    first += run.steps;
    firstEpoch += (run.steps * own.train.batchSize) / (run.train.count * run.method.samplesPerPrompt);
  }
  const lengths = recipe.stages ? { stageSteps: stages.map(({ steps }) => steps) } : {};
  return { stages, steps: first, lengths, memory: largestOf(stages.map(({ memory }) => memory)), notices };
}

/** The stage that makes the step behind so many; the last one where all are made. */
export function stageBehind({ stages }: PreparedStages, step: number): PreparedStage {
  return stages.find(({ first, steps }) => step < first + steps) ?? stages.at(-1)!;
}

/** Opens a model once, whichever stage asks for it. */
export function sharedModels(): (path: string) => Promise<Model> {
  const opened = new Map<string, Promise<Model>>();
  return (path) => {
    const model = opened.get(path) ?? openWholeModel(path);
    opened.set(path, model);
    return model;
  };
}

/** What stages that follow each other take at the most, on the host and on a device. */
export function largestOf(forecasts: readonly MemoryForecast[]): MemoryForecast {
  const host = forecasts.reduce((most, other) => (other.peak > most.peak ? other : most));
  const devices = forecasts.flatMap(({ device }) => device ?? []);
  return devices.length === 0 ? host : { ...host, device: devices.reduce((most, other) => (other.peak > most.peak ? other : most)) };
}
