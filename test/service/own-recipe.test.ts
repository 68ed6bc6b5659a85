import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recipeSchema, type Recipe } from '../../src-main/contract/recipe.ts';
import { adoptRun } from '../../src-main/service/adopt/adopt-run.ts';
import { openHome, type Home } from '../../src-main/service/home.ts';
import { settleRecipe } from '../../src-main/service/recipe/own-recipe.ts';
import { createRunFolder, runPaths } from '../../src-main/run-folder/run-folder.ts';
import { readLog } from '../../src-main/store/log.ts';
import { createRun, findRun, setRecipe } from '../../src-main/store/runs.ts';

let folder: string;
let home: Home;
let recipe: Recipe;
const paths = (): ReturnType<typeof runPaths> => runPaths(home.runDir('r'));
const settle = async (): Promise<{ rate: number; warning: string | null }> => {
  const { run, warning } = await settleRecipe(home, await findRun(home.database, 'r'));
  return { rate: run.recipe.train.learningRate, warning };
};
const withRate = (learningRate: number): Recipe => ({ ...recipe, train: { ...recipe.train, learningRate } });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-own-'));
  home = await openHome(join(folder, 'home'));
  recipe = recipeSchema.parse({
    name: 'own', teacher: { model: join(folder, 't') }, student: { model: join(folder, 's') },
    data: { train: join(folder, 'd.jsonl'), prompt: '{{q}}', completion: '{{a}}' }, train: { steps: 5, learningRate: 0.001 },
  });
  await createRun(home.database, { id: 'r', name: 'own', recipe, runDir: home.runDir('r') });
  await (await createRunFolder(home.runDir('r'), recipe)).close();
});
afterEach(async () => {
  await home.close();
  await rm(folder, { recursive: true });
});

it('says nothing of a run whose recipe is the same, wherever its files are now, or has no folder yet', async () => {
  expect(await settle()).toEqual({ rate: 0.001, warning: null });
  await setRecipe(home.database, 'r', { ...recipe, data: { ...recipe.data, train: '/elsewhere/d.jsonl' } });
  expect(await settle()).toEqual({ rate: 0.001, warning: null });
  // Older versions wrote no checksum.
  await rm(paths().recipeDigest);
  expect(await settle()).toEqual({ rate: 0.001, warning: null });
  await rm(home.runDir('r'), { recursive: true });
  expect(await settle()).toEqual({ rate: 0.001, warning: null });
});

it('gives a folder that lost its recipe, or whose is damaged, the history\'s again', async () => {
  const before = await readFile(paths().recipe, 'utf8');
  for (const spoil of [() => rm(paths().recipe), () => writeFile(paths().recipe, before.slice(0, 40))]) {
    await spoil();
    expect(await settle()).toEqual({ rate: 0.001, warning: expect.stringContaining('has been written again') });
    expect(await readFile(paths().recipe, 'utf8')).toBe(before);
    expect(await settle()).toEqual({ rate: 0.001, warning: null });
  }
});

it('puts a history right whose recipe has another number than the folder of the run', async () => {
  await setRecipe(home.database, 'r', withRate(0.003));
  expect(await settle()).toEqual({ rate: 0.001, warning: expect.stringMatching(/^The history had another recipe .*of its folder\.$/) });
  expect(await settle()).toEqual({ rate: 0.001, warning: null });
  expect(await readLog(home.database, 'r', { after: 0, limit: 9 })).toMatchObject([{ code: 'recipe', level: 'warning' }]);
});

it('goes on with the history\'s where the one in the folder was changed', async () => {
  await writeFile(paths().recipe, (await readFile(paths().recipe, 'utf8')).replace('0.001', '0.01'));
  expect(await settle()).toEqual({ rate: 0.001, warning: expect.stringContaining('is not the recipe that this run began with') });
});

it('says of a run that was taken in by its folder that its recipe has been changed', async () => {
  await writeFile(paths().recipe, (await readFile(paths().recipe, 'utf8')).replace('0.001', '0.01'));
  await setRecipe(home.database, 'r', withRate(0.01));
  expect(await settle()).toEqual({ rate: 0.01, warning: expect.stringContaining('has been changed since the run began') });
});

it('goes on with the fast products of a run that a version began which had no others', async () => {
  const old = { ...recipe, teacher: { ...recipe.teacher!, precision: 'int8' as const }, student: { ...recipe.student, precision: 'int4' as const, adapter: { rank: 2, targets: 'all-linear' as const, dropout: 0 } } };
  await createRun(home.database, { id: 'old', name: 'old', recipe: old, runDir: home.runDir('old') });
  await (await createRunFolder(home.runDir('old'), old)).close();
  const { run, warning } = await settleRecipe(home, await findRun(home.database, 'old'));
  expect([run.recipe.teacher!.products, run.recipe.student.products, warning]).toEqual(['fast', 'fast', null]);
  // Its folder alone says the same.
  const other = await openHome(join(folder, 'other'));
  await mkdir(runPaths(home.runDir('old')).checkpoints, { recursive: true });
  const { recipe: adopted } = await adoptRun(other, home.runDir('old'));
  expect([adopted.teacher!.products, adopted.student.products]).toEqual(['fast', 'fast']);
  await other.close();
});
