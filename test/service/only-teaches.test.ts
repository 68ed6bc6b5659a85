import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkRun } from '../../src-main/service/run/check.ts';
import { parseRecipe } from '../../src-main/service/recipe-file.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

const MODEL = 'test/fixtures/engine/families/qwen3-moe';
let project: TinyProject;

beforeAll(async () => {
  project = await tinyProject();
  await cp(MODEL, join(project.folder, 'mixture'), { recursive: true });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(project.folder, 'teacher', file), join(project.folder, 'mixture', file));
});
afterAll(() => project.remove());

it.each([['a student', {}], ['the base of an adapter', { adapter: { rank: 2 } }]])('a mixture of experts is refused as %s, in one sentence', async (_what, settings) => {
  const recipe = project.recipe({ student: { model: join(project.folder, 'mixture'), ...settings } });
  const problems = (await checkRun(parseRecipe(recipe, 'test'), join(project.folder, 'run'), { isStart: false, allowed: [] })).filter(({ level }) => level === 'problem');
  expect(problems).toHaveLength(1);
  expect(problems[0]!.message).toBe(`${join(project.folder, 'mixture')} is a model of the type qwen3_moe, which Retort asks and does not train: it cannot be the student, nor the base beneath an adapter.`);
});
