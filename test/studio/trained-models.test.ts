import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ModelDescription } from '../../src-main/contract/model-description.ts';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { openHome } from '../../src-main/service/home.ts';
import { createRun } from '../../src-main/store/runs.ts';
import { TrainedModels } from '../../src-main/studio/trained-models.ts';

const recipe = recipeSchema.parse({ name: 'a run', teacher: { model: '/t' }, student: { model: '/s' }, data: { train: '/d.jsonl', prompt: '{{a}}' }, method: { preset: 'gkd', lambda: 1 }, train: { steps: 1 } });

it('tells the students of runs apart that share a name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retort-trained-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const home = await openHome(folder);
  const made = [['one', 'sums', new Date(2026, 10, 29, 7, 5)], ['two', 'sums', new Date(2026, 10, 29, 8, 46)], ['three', 'other', new Date(2026, 10, 29, 9, 0)]] as const;
  for (const [id, name, at] of made) {
    const model = join(folder, 'runs', id, 'checkpoints', 'step-5', 'model');
    await mkdir(model, { recursive: true });
    await writeFile(join(model, '..', 'state.json'), '{}');
    await createRun(home.database, { id, name, recipe, runDir: join(folder, 'runs', id) }, at.getTime());
  }
  const models = await new TrainedModels(home.database, () => Promise.resolve({} as ModelDescription)).list();
  expect(models.map(({ name }) => name).sort()).toEqual(['other · step 5', 'sums, 2026-11-29 07:05 · step 5', 'sums, 2026-11-29 08:46 · step 5']);
  await home.close();
});
