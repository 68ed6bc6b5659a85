import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/** Folders of models that were read whole. */
const { wholes } = vi.hoisted(() => ({ wholes: [] as string[] }));
vi.mock(import('../../src-main/model/load-model.ts'), async (original) => {
  const module = await original();
  return {
    ...module,
    openWeights: (...[model, executor, precision, wanted]: Parameters<typeof module.openWeights>) => {
      if (!wanted) wholes.push(model.folder.path);
      return module.openWeights(model, executor, precision, wanted);
    },
  };
});

let project: TinyProject;
beforeEach(async () => {
  project = await tinyProject();
  wholes.length = 0;
});
afterEach(() => project.remove());

interface Told { losses: number[]; evaluations: unknown[]; phases: Set<string>; wholes: string[] }

async function train(name: string, cache: boolean | 'fp16' | 'fp32', changes: Partial<RecipeInput> = {}): Promise<Told> {
  const told: Told = { losses: [], evaluations: [], phases: new Set(), wholes: [] };
  wholes.length = 0;
  await runJob({
    recipe: parseRecipe({
      ...project.recipe(), method: { preset: 'supervised-kd' }, train: { steps: 6, batchSize: 4, learningRate: 1e-3 }, evaluate: { every: 3 },
      ...changes, teacher: { model: project.teacher, cache },
    }, 'test'),
    runDir: join(project.folder, name), runId: name, isResumed: false, cache: join(project.folder, 'cache'), stopRequest: () => null,
    emit: (event: RunEvent) => {
      if (event.event === 'step') told.losses.push(event.loss);
      if (event.event === 'evaluation') told.evaluations.push({ ...event, step: event.step });
      if (event.event === 'phase') told.phases.add(event.phase);
    },
  });
  return { ...told, wholes: [...wholes] };
}

const close = (left: readonly number[], right: readonly number[], within: number): void => {
  expect(left).toHaveLength(right.length);
  left.forEach((value, at) => expect(Math.abs(value - right[at]!)).toBeLessThan(within));
};

it('has its teacher in memory only when that judges, with the same result', async () => {
  const always = await train('always', false, { method: { preset: 'gkd', lambda: 0.5, mixing: 'example' } });
  const turns = await train('turns', false, { method: { preset: 'gkd', lambda: 0.5, mixing: 'example' }, train: { steps: 6, batchSize: 4, learningRate: 1e-3, microBatchSize: 2, phases: true } });
  const split = await train('split', false, { method: { preset: 'gkd', lambda: 0.5, mixing: 'example' }, train: { steps: 6, batchSize: 4, learningRate: 1e-3, microBatchSize: 2 } });
  expect(turns.losses).toEqual(split.losses);
  expect(turns.evaluations).toEqual(split.evaluations);
  close(turns.losses, always.losses, 1e-5);
  // Read for every step, every evaluation and the answers that are shown.
  expect(turns.wholes.filter((path) => path === project.teacher)).toHaveLength(6 + 3 + 1);
  // With both, it comes for what the student has written alone.
  const both = await train('both', 'fp32', { method: { preset: 'supervised-kd' }, train: { steps: 6, batchSize: 4, learningRate: 1e-3, phases: true } });
  close(both.losses, (await train('neither', false)).losses, 1e-5);
  expect(both.wholes.filter((path) => path === project.teacher).length).toBeLessThanOrEqual(2);
});

const filesOf = async (): Promise<string[]> => {
  const teachers = join(project.folder, 'cache', 'teachers');
  const names = await Promise.all((await readdir(teachers)).map(async (key) => (await readdir(join(teachers, key))).map((name) => join(teachers, key, name))));
  return names.flat().filter((name) => name.endsWith('.states'));
};

it('learns the same from what is kept, and reads the teacher for the first run alone', async () => {
  const without = await train('without', false);
  const first = await train('first', 'fp32');
  const second = await train('second', 'fp32');
  close(first.losses, without.losses, 1e-5);
  expect(second.losses).toEqual(first.losses);
  expect(second.evaluations).toEqual(first.evaluations);
  expect(first.phases).toContain('teacher-states');
  expect(first.wholes).toContain(project.teacher);
  expect(second.wholes).not.toContain(project.teacher);
  // Another method over the same texts finds them there.
  const { wholes: read } = await train('third', 'fp32', { method: { preset: 'supervised-kd', divergence: 'reverse_kl' } });
  expect(read).not.toContain(project.teacher);
});

it('rounds to fp16 the same way for who writes and who reads', async () => {
  const without = await train('without', false);
  const first = await train('first', true);
  const second = await train('second', true);
  close(first.losses, without.losses, 5e-3);
  expect(first.losses).not.toEqual(without.losses);
  expect(second.losses).toEqual(first.losses);
  expect(await filesOf()).toHaveLength(1);
});

it('asks the model for what the student writes', async () => {
  const mixed: Partial<RecipeInput> = { method: { preset: 'gkd', lambda: 0.5, mixing: 'example' } };
  const without = await train('without', false, mixed);
  const first = await train('first', 'fp32', mixed);
  const second = await train('second', 'fp32', mixed);
  close(first.losses, without.losses, 1e-4);
  expect(second.losses).toEqual(first.losses);
});

it('computes anew what is cut off or changed', async () => {
  const first = await train('first', 'fp32');
  const [file] = await filesOf();
  const bytes = await readFile(file!);
  await truncate(file!, Math.floor(bytes.length * 0.6));
  expect((await train('cut', 'fp32')).losses).toEqual(first.losses);
  for (const name of await filesOf()) if (name !== file) await rm(name);
  bytes[Math.floor(bytes.length / 2)]! ^= 0x10;
  await writeFile(file!, bytes);
  const mended = await train('flipped', 'fp32');
  expect(mended.losses).toEqual(first.losses);
  expect(mended.wholes).toContain(project.teacher);
});
