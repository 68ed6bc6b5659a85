import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipeSchema } from '../../src-main/contract/recipe.ts';
import { batchIndices } from '../../src-main/data/order.ts';
import { drawOnPolicy } from '../../src-main/distill/mixture.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import type { HandedExample } from '../../src-main/service/handover/handed-example.ts';
import { writeHandover } from '../../src-main/service/handover/write-handover.ts';
import { methodOf } from '../../src-main/service/recipe/recipe-file.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const linesOf = async (path: string): Promise<HandedExample[]> => (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as HandedExample);

it('writes the examples as Retort tokenizes them, in the order of the seed, with who writes at which step', async () => {
  const recipe = recipeSchema.parse(project.recipe({ method: { preset: 'gkd', lambda: 0.5, lambdaSchedule: 'linear', lambdaRampSteps: 4, mixing: 'batch' } }));
  const to = join(project.folder, 'handed');
  const handover = await writeHandover(recipe, to);
  expect(handover).toMatchObject({ folder: to, examples: 40, heldOut: 6 });

  const { tokenizer } = await openWholeModel(project.student);
  const lines = await linesOf(join(to, 'data', 'train.jsonl'));
  expect(lines.map(({ row }) => row)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  for (const { prompt, reference, context, completion, learned, start } of lines) {
    expect(tokenizer.decode([...context, ...completion], { skipSpecial: true })).toBe(`${prompt}${reference!}`.slice(0, prompt.length + tokenizer.decode(completion, { skipSpecial: true }).length));
    expect([learned, start]).toEqual([null, null]);
  }
  const order = await readFile(join(to, 'data', 'order.bin'));
  const visits = Array.from({ length: 12 }, (_, at) => batchIndices(at + 1, 6, 40, 7, true)).flat();
  expect(Array.from({ length: order.length / 4 }, (_, at) => order.readUInt32LE(4 * at))).toEqual(visits);
  const method = { ...methodOf(recipe), mixing: 'batch' as const };
  expect([...await readFile(join(to, 'data', 'on-policy.bin'))]).toEqual(Array.from({ length: 12 }, (_, at) => Number(drawOnPolicy(method, 7, at + 1, 1)[0])));
  expect(JSON.parse(await readFile(join(to, 'settings.json'), 'utf8'))).toMatchObject({
    student: project.student, teacher: project.teacher, vocabulary: 17, eos: [1], examples: 40, lambdas: [0.125, 0.25, 0.375, 0.5], adapter: null,
    method: { trainer: 'gkd', beta: 0.5 }, train: { steps: 12, batchSize: 6, warmupSteps: 2 },
  });
  expect(JSON.parse(await readFile(join(to, 'run', 'recipe.json'), 'utf8'))).toEqual(recipe);
  for (const file of ['train.py', 'README.md', 'requirements.txt', 'accelerate/fsdp.yaml', 'run/checkpoints']) expect(existsSync(join(to, file)), file).toBe(true);
});

it('marks what is learned of a conversation, and gives the prompt that the student goes on from', async () => {
  const rows = [{ messages: [{ role: 'user', content: '1+1=' }, { role: 'assistant', content: '2' }, { role: 'user', content: '2+2=' }, { role: 'assistant', content: '4' }] }];
  const data = join(project.folder, 'chats.jsonl');
  await writeFile(data, `${JSON.stringify(rows[0])}\n`);
  const student = join(project.folder, 'student');
  await writeFile(join(student, 'chat_template.jinja'), '{% for m in messages %}{{ m.content }}{% if m.role == "assistant" %}{{ eos_token }}{% endif %}{% endfor %}');
  const { validation: _, completion: __, prompt: ___, ...fields } = project.recipe().data;
  const recipe = recipeSchema.parse(project.recipe({ data: { ...fields, train: data, messages: 'messages', learn: 'all' }, method: { preset: 'sft' } }));
  const to = join(project.folder, 'handed-chats');
  await writeHandover(recipe, to);
  const [line] = await linesOf(join(to, 'data', 'train.jsonl'));
  const { tokenizer } = await openWholeModel(student);
  const learned = line!.completion.filter((_, at) => line!.learned![at] === 1);
  expect(tokenizer.decode(learned, { skipSpecial: true })).toBe('24');
  expect(line!.learned).toHaveLength(line!.completion.length);
});

it('writes nothing where the recipe cannot be trained there, or the folder is there', async () => {
  const to = join(project.folder, 'refused');
  await expect(writeHandover(recipeSchema.parse(project.recipe({ method: { preset: 'distillspec' } })), to)).rejects.toThrow('TRL cannot train this recipe');
  expect(existsSync(to)).toBe(false);
  await mkdir(to);
  await expect(writeHandover(recipeSchema.parse(project.recipe()), to)).rejects.toThrow(to);
});
