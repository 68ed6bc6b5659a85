import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkRun } from '../../src-main/service/run/look/check.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/** The folder of a model each, and its type. */
const MODELS = [['qwen3-moe', 'qwen3_moe'], ['qwen3-5-wrapped', 'qwen3_5_text']] as const;
const USES = [['a student', {}], ['the base of an adapter', { adapter: { rank: 2 } }]] as const;
let project: TinyProject;

beforeAll(async () => {
  project = await tinyProject();
  for (const [name] of MODELS) {
    await cp(join('test/fixtures/engine/families', name), join(project.folder, name), { recursive: true });
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(project.folder, 'teacher', file), join(project.folder, name, file));
  }
});
afterAll(() => project.remove());

it.each(MODELS.flatMap(([name, type]) => USES.map(([what, settings]) => [name, what, type, settings] as const)))('%s is refused as %s, in one sentence', async (name, _what, type, settings) => {
  const recipe = project.recipe({ student: { model: join(project.folder, name), ...settings } });
  const problems = (await checkRun(parseRecipe(recipe, 'test'), join(project.folder, 'run'), { isStart: false, allowed: [] })).filter(({ level }) => level === 'problem');
  expect(problems).toHaveLength(1);
  expect(problems[0]!.message).toBe(`${join(project.folder, name)} is a model of the type ${type}, which Retort asks and does not train: it cannot be the student, nor the base beneath an adapter.`);
});
