import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { parseRecipe } from '../../src-main/service/recipe-file.ts';
import { prepareRun, type PreparedRun } from '../../src-main/service/run/prepare.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const prepare = (data: Partial<RecipeInput['data']>): Promise<PreparedRun> => {
  const recipe = project.recipe();
  return prepareRun(parseRecipe({ ...recipe, data: { ...recipe.data, validation: undefined, ...data } }, 'test'));
};

it('holds a share of the training examples out, the same ones for every fraction', async () => {
  const rows = (examples: readonly { index: number }[]): number[] => examples.map(({ index }) => index);
  const [whole, half] = [await prepare({ validationShare: 0.25 }), await prepare({ validationShare: 0.25, fraction: 0.5 })];
  expect(whole.validation).toHaveLength(10);
  expect(new Set([...rows(whole.train), ...rows(whole.validation)])).toEqual(new Set(Array(40).keys()));
  expect(rows(half.validation)).toEqual(rows(whole.validation));
  expect(half.train).toHaveLength(15);
});

it('takes a validation file or a share, not both', async () => {
  await expect(prepare({ validation: project.validation, validationShare: 0.5 })).rejects.toThrow('data.validation and data.validationShare are both given.');
});
