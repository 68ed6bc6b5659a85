import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => {
  project = await tinyProject();
  const rows = (lengthOf: (row: number) => number): string =>
    Array.from({ length: 96 }, (_, row) => JSON.stringify({ question: '1'.repeat(lengthOf(row)), solution: '2' }) + '\n').join('');
  await writeFile(join(project.folder, 'even.jsonl'), rows(() => 90));
  // One text of eight is as long as the rows have room for.
  await writeFile(join(project.folder, 'uneven.jsonl'), rows((row) => (row % 8 === 0 ? 90 : 8)));
});
// One thread, whatever the machine has.
beforeEach(() => { vi.stubEnv('RETORT_THREADS', '1'); });
afterEach(() => { vi.unstubAllEnvs(); });
afterAll(() => project.remove());

async function sizeFor(file: string, train: Partial<RecipeInput['train']>): Promise<number> {
  const recipe = project.recipe();
  const { microBatchSize } = await prepareRun(parseRecipe({
    ...recipe,
    data: { ...recipe.data, train: join(project.folder, file), maxPromptTokens: 92, maxCompletionTokens: 4 },
    method: { preset: 'sft' },
    train: { steps: 4, batchSize: 32, ...train },
  }, 'test'), tmpdir());
  return microBatchSize;
}

it('computes a batch of like lengths at once', async () => {
  expect(await sizeFor('even.jsonl', {})).toBe(32);
});

it('splits a batch of unlike lengths, so that short texts are not padded to the longest', async () => {
  expect(await sizeFor('uneven.jsonl', {})).toBe(8);
});

it('splits it less where more threads share the work', async () => {
  vi.stubEnv('RETORT_THREADS', '32');
  expect(await sizeFor('uneven.jsonl', {})).toBe(32);
});

it('keeps to the size a recipe gives', async () => {
  expect(await sizeFor('uneven.jsonl', { microBatchSize: 32 })).toBe(32);
});
