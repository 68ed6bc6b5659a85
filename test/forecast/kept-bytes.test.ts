import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keptStates } from '../../src-main/checks/kept-states.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { folderSize } from '../../src-main/files/folder-size.ts';
import { keptBytes } from '../../src-main/forecast/kept-bytes.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { materialOf } from '../../src-main/service/run/look/material.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { MAGIC, recordHeader } from '../../src-main/teacher/segment.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const recipe = (cache: boolean | 'fp32', changes: Partial<RecipeInput> = {}): ReturnType<typeof parseRecipe> => parseRecipe({
  ...project.recipe(), method: { preset: 'supervised-kd' }, train: { epochs: 1, batchSize: 4, learningRate: 1e-3 }, ...changes, teacher: { model: project.teacher, cache },
}, 'test');

async function inputsOf(parsed: ReturnType<typeof recipe>) {
  const material = materialOf(parsed, join(project.folder, 'nowhere'));
  return { recipe: parsed, method: await material.method(), teacher: await material.teacher(), train: await material.train(), validation: await material.validation() };
}

it('tells what the kept states of a run will take', async () => {
  const inputs = await inputsOf(recipe(true));
  const expected = keptBytes(inputs);
  await runJob({
    recipe: inputs.recipe, runDir: join(project.folder, 'run'), runId: 'run', isResumed: false, cache: join(project.folder, 'cache'), stopRequest: () => null, emit: () => undefined,
  });
  const texts = inputs.train.count + Math.min(inputs.validation.count, inputs.recipe.evaluate.examples);
  const beside = recordHeader(Buffer.alloc(32), Buffer.alloc(0)).length * texts + MAGIC.length;
  const taken = await folderSize(join(project.folder, 'cache', 'teachers'));
  // Texts that are there twice are kept once.
  expect(taken - beside).toBeLessThan(1.01 * expected);
  expect(taken).toBeGreaterThan(0.8 * expected);
});

it('is twice as much in fp32, held-out texts alone where the student writes all others, and nothing where nothing is kept', async () => {
  const half = keptBytes(await inputsOf(recipe(true)));
  expect(keptBytes(await inputsOf(recipe('fp32')))).toBe(2 * half);
  const own = keptBytes(await inputsOf(recipe(true, { method: { preset: 'on-policy-kd' } })));
  expect(own).toBeGreaterThan(0);
  expect(own).toBeLessThan(half);
  expect(keptBytes(await inputsOf(recipe(false)))).toBe(0);
});

it('is said before the run', async () => {
  const had = await inputsOf(recipe('fp32')) as unknown as Parameters<typeof keptStates.look>[0];
  expect(await keptStates.look(had)).toMatchObject([{ code: 'kept-states', field: 'teacher.cache', message: expect.stringContaining('on the disk'), mend: { patch: { teacher: { cache: true } } } }]);
  expect(await keptStates.look(await inputsOf(recipe(false)) as unknown as typeof had)).toBeUndefined();
});
