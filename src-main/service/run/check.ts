import { toReport, Problem, type ProblemReport } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { makeExamples } from '../../text/examples.ts';
import { readRows } from '../../data/read.ts';
import { findMetrics } from '../../metrics/score.ts';
import { openWholeModel } from '../load-model.ts';
import { bestMetric } from './check-best.ts';
import { checkContext } from './preflight.ts';
import { prepareRun, stepsOf } from './prepare.ts';
import { checkResources } from './resource-check.ts';

/**
 * Looks at everything a run would look at before it begins. @returns what would keep it from beginning, the first thing
 * first; empty where nothing would. @throws what is no fault of the recipe.
 */
export async function checkRun(recipe: Recipe, runDir: string, signal?: AbortSignal): Promise<ProblemReport[]> {
  const [first] = await problemsOf(async () => { await checkResources(await prepareRun(recipe, signal), runDir); });
  if (!first) return [];
  const found = new Map([first, ...await eachAlone(recipe, signal)].map((problem) => [problem.message, problem]));
  return [...found.values()];
}

/** A run stops at the first problem; a person mends all of them. Each part of the recipe is looked at by itself. */
async function eachAlone(recipe: Recipe, signal?: AbortSignal): Promise<ProblemReport[]> {
  const { data, teacher, student, evaluate } = recipe;
  const looks: (() => unknown)[] = [
    ...[data.train, data.validation].filter((path) => path !== undefined).map((path) => async () => makeExamples(await readRows(path, signal), path, data)),
    ...[teacher?.model, student.model].filter((path) => path !== undefined).map((path) => async () => { checkContext(recipe, await openWholeModel(path)); }),
    () => stepsOf(recipe, 1),
    ...evaluate.metrics.map((name) => () => findMetrics(name)),
    () => bestMetric(recipe),
  ];
  const found: ProblemReport[] = [];
  for (const look of looks) found.push(...await problemsOf(look));
  return found;
}

async function problemsOf(look: () => unknown): Promise<ProblemReport[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    return [toReport(error)];
  }
}
