import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resource } from '../../src-main/service/resources.ts';
import { memoryStudio } from '../support/memory-studio.ts';
import type { StudioClient } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let studio: Awaited<ReturnType<typeof memoryStudio>>;
let client: StudioClient;

beforeAll(async () => {
  project = await tinyProject();
  studio = await memoryStudio();
  ({ client } = studio);
});
afterAll(async () => {
  await studio.close();
  await project.remove();
});

const codesOf = async (runId: string): Promise<string[]> => (await client.call('runs.log', { runId, after: 0, limit: 100 })).map(({ code }) => code);

it('warns of a student that has never learned, and makes it write before it is distilled', async () => {
  const { runId } = await client.call('runs.start', { recipe: project.recipe({ train: { steps: 1, batchSize: 4, learningRate: 1e-2 } }) });
  await client.ended(runId);
  expect(await codesOf(runId)).toContain('cannot-write');
  const { runIds: [first, second] } = await client.call('runs.fineTuneFirst', { runId });
  expect((await client.call('runs.get', { runId: second })).status).toBe('waiting');
  await client.ended(first);
  await client.ended(second);
  const [tuned, distilled] = [await client.call('runs.get', { runId: first }), await client.call('runs.get', { runId: second })];
  expect(tuned).toMatchObject({ status: 'done', recipe: { method: { preset: 'sft' }, data: { train: project.train } } });
  expect(await codesOf(first)).toContain('can-write');
  expect(distilled).toMatchObject({ status: 'done', error: null, recipe: { method: { preset: 'gkd', lambda: 0.5 }, student: { model: join(tuned.checkpoint!.path, 'model') } } });
  expect(await codesOf(second)).not.toContain('cannot-write');
}, 60_000);

it('does not begin the second where the first came to no end', async () => {
  const { runId } = await client.call('runs.start', { recipe: project.recipe({ train: { steps: 1, batchSize: 4 } }) });
  await client.ended(runId);
  const { runIds: [first, second] } = await client.call('runs.fineTuneFirst', { runId });
  await client.call('runs.stop', { runId: first, how: 'abandon' });
  await client.ended(second);
  expect(await client.call('runs.get', { runId: second })).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('did not come to its end') as string } });
}, 60_000);

it('says nothing of the sample project', async () => {
  const recipe = JSON.parse(await readFile(resource('sample', 'recipes', 'gkd.json'), 'utf8')) as Record<string, Record<string, unknown>>;
  const at = (name: string): string => resource('sample', name);
  const { runId } = await client.call('runs.start', { recipe: {
    ...recipe, name: 'sample', teacher: { model: at('teacher') }, student: { model: at('student') },
    data: { ...recipe['data'], train: at('train.jsonl'), validation: at('dev.jsonl') }, train: { steps: 1, batchSize: 8 }, evaluate: { metrics: ['accuracy'], examples: 40 },
  } });
  await client.ended(runId);
  expect((await codesOf(runId)).filter((code) => code === 'cannot-write')).toEqual([]);
}, 60_000);
