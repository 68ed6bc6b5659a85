import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fineTunedFirst } from '../../src-main/contract/fine-tune-first.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { resource } from '../../src-main/service/resources.ts';
import { projectStudio } from '../support/memory-studio.ts';
import type { StudioClient } from '../support/studio-client.ts';
import type { TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let client: StudioClient;
let close: () => Promise<void>;
beforeAll(async () => { ({ project, client, close } = await projectStudio()); });
afterAll(() => close());

const codesOf = async (runId: string): Promise<string[]> => (await client.call('runs.log', { runId, after: 0, limit: 100 })).map(({ code }) => code);

it('warns of a student that has never learned, and makes it write before it is distilled', async () => {
  const { runId } = await client.call('runs.start', { recipe: project.recipe({ train: { steps: 1, batchSize: 4, learningRate: 1e-2 } }) });
  await client.ended(runId);
  expect(await codesOf(runId)).toContain('cannot-write');
  const { runId: again } = await client.call('runs.fineTuneFirst', { runId });
  await client.ended(again);
  const run = await client.call('runs.get', { runId: again });
  expect(run).toMatchObject({
    status: 'done', error: null, name: 'tiny, fine-tuned first', totalSteps: 201,
    recipe: { method: { preset: 'gkd', lambda: 0.5 }, train: { steps: 1 }, stages: [{ name: 'fine-tune', method: { preset: 'sft' } }, { name: 'distil' }] },
  });
  const codes = await codesOf(again);
  expect(codes.filter((code) => code === 'stage')).toHaveLength(2);
  // It was so before the first step, and is no longer so when the second stage begins.
  expect(codes.slice(codes.lastIndexOf('stage'))).not.toContain('cannot-write');
});

it('puts a stage before those that a run has, under a name of its own', () => {
  const recipe = recipeSchema.parse({ ...project.recipe(), stages: [{ name: 'fine-tune', train: { steps: 2 } }, { name: 'then', train: { steps: 3 } }] });
  const { stages } = recipeSchema.parse(fineTunedFirst(recipe));
  expect(stages!.map(({ name, train }) => [name, train!.steps])).toEqual([['fine-tune 2', 200], ['fine-tune', 2], ['then', 3]]);
});

it('says nothing of the sample project', async () => {
  const recipe = JSON.parse(await readFile(resource('sample', 'recipes', 'gkd.json'), 'utf8')) as Record<string, Record<string, unknown>>;
  const at = (name: string): string => resource('sample', name);
  const { runId } = await client.call('runs.start', { recipe: {
    ...recipe, name: 'sample', teacher: { model: at('teacher') }, student: { model: at('student') },
    data: { ...recipe['data'], train: at('train.jsonl'), validation: at('dev.jsonl') }, train: { steps: 1, batchSize: 8 }, evaluate: { metrics: ['accuracy'], examples: 40 },
  } });
  await client.ended(runId);
  expect((await codesOf(runId)).filter((code) => code === 'cannot-write')).toEqual([]);
});
