import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Forecast } from '../../src-main/contract/forecast.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { buildTrainer } from '../../src-main/service/run/build-trainer.ts';
import { openRunTeacher } from '../../src-main/service/run/teacher/open-run-teacher.ts';
import { evaluateRun } from '../../src-main/service/run/evaluation/evaluate-run.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { evaluationsOf } from '../../src-main/service/run/look/probe-evaluation.ts';
import { probeRun } from '../../src-main/service/run/look/probe.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { firstExamples } from '../../src-main/text/example-set.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const recipe = (changes: Partial<RecipeInput>): ReturnType<typeof parseRecipe> => parseRecipe(project.recipe(changes), 'test');
const probe = (changes: Partial<RecipeInput>, told: number[] = [], signal = new AbortController().signal): Promise<Forecast> => probeRun(
  { recipe: recipe(changes), runDir: join(project.folder, 'probed'), steps: 2, allowed: [] }, signal, ({ done, total }) => told.push(done / total));

it('is of the steps, of every evaluation and of what goes before', async () => {
  const told: number[] = [];
  const { totalMs, startMs, stepMs, totalSteps, evaluation } = await probe({ evaluate: { every: 5, metrics: ['accuracy'] } }, told);
  expect(evaluation).toMatchObject({ times: 4, examples: 6, measured: 6 });
  expect(evaluation!.ms).toBeGreaterThan(0);
  expect(evaluation!.teacherMs).toBeGreaterThan(0);
  expect(totalMs).toBeCloseTo(startMs + totalSteps * stepMs + 4 * evaluation!.ms + evaluation!.teacherMs);
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(told.at(-1)).toBe(1);
});

it('has no evaluation where nothing is held out', async () => {
  const { data } = project.recipe();
  const { validation: _, ...rest } = data;
  const { evaluation, totalMs, startMs, stepMs, totalSteps } = await probe({ data: rest });
  expect(evaluation).toBeNull();
  expect(totalMs).toBeCloseTo(startMs + totalSteps * stepMs);
});

it('ends when it is cancelled', async () => {
  await expect(probe({}, [], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

describe('the evaluations', () => {
  it.each([{ steps: 4, every: 2 }, { steps: 5, every: 2 }, { steps: 1, every: 3 }, { steps: 2, every: undefined }])('of $steps steps, every $every, are as many as a run makes', async ({ steps, every }) => {
    let made = 0;
    await runJob({
      recipe: recipe({ train: { steps, batchSize: 2 }, evaluate: { examples: 1, maxNewTokens: 1, ...(every !== undefined && { every }) } }),
      runDir: join(project.folder, `run-${steps}-${every}`), runId: `${steps}-${every}`, isResumed: false,
      emit: ({ event }) => { if (event === 'evaluation') made++; }, stopRequest: () => null,
    });
    expect(evaluationsOf(steps, every)).toBe(made);
  });

  it.each([{ metrics: [], grows: [true, false] }, { metrics: ['accuracy', 'acceptance'], grows: [true, true, true] }])('take longer with more examples in what $metrics are of', async ({ metrics, grows }) => {
    const run = await prepareRun(recipe({ evaluate: { metrics, maxNewTokens: 4 } }), join(project.folder, 'none'));
    const built = await buildTrainer(run, { base: null, from: null }, run.train, await openRunTeacher(run, null), { totalTokens: 0 });
    const parts: boolean[] = [];
    await evaluateRun(run, built, 0, await firstExamples(run.validation, 2), null, { onProgress: () => undefined, onPart: (part) => parts.push(part.grows) });
    await built.release();
    expect(parts).toEqual(grows);
  });
});

it('leaves nothing behind where a model cannot be opened', async () => {
  const aside = join(project.folder, 'aside');
  mkdirSync(aside);
  vi.stubEnv('TMPDIR', aside);
  vi.stubEnv('TEMP', aside);
  vi.stubEnv('RETORT_TEST_DEVICE', 'room 1000');
  const { teacher, student } = project.recipe();
  try {
    await expect(probe({ teacher: { ...teacher!, device: 'webgpu' }, student: { ...student, device: 'webgpu' } })).rejects.toThrow('has no memory left');
    expect(readdirSync(aside)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});
