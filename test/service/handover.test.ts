import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { stagesOf } from '../../src-main/contract/stages.ts';
import { batchIndices } from '../../src-main/data/order.ts';
import { drawOnPolicy } from '../../src-main/distill/mixture.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import type { HandedExample } from '../../src-main/service/handover/handed-example.ts';
import { writeHandover } from '../../src-main/service/handover/write-handover.ts';
import { methodOf } from '../../src-main/service/recipe/recipe-file.ts';
import { otherModel } from '../support/other-tokens.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const linesOf = async (path: string): Promise<HandedExample[]> => (await readFile(path, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as HandedExample);

it('writes the examples as Retort tokenizes them, in the order of the seed, with who writes at which step', async () => {
  const recipe = recipeSchema.parse(project.recipe({ method: { preset: 'gkd', lambda: 0.5, lambdaSchedule: 'linear', lambdaRampSteps: 4, mixing: 'batch' } }));
  const to = join(project.folder, 'handed');
  const handover = await writeHandover(recipe, to);
  expect(handover).toMatchObject({ folder: to, examples: 40, heldOut: 6, stages: 1 });

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
    student: project.student, teacher: project.teacher, eos: [1], adapter: null, steps: 12,
    stages: [{
      name: null, folder: '', first: 0, trainFile: 'train.jsonl', vocabulary: 17, examples: 40, lambdas: [0.125, 0.25, 0.375, 0.5],
      method: { trainer: 'gkd', beta: 0.5 }, train: { steps: 12, batchSize: 6, warmupSteps: 2 },
    }],
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

/** `recipe.train` without how long it trains, which the stages say. */
function staged(stages: RecipeInput['stages'], changes: Partial<RecipeInput> = {}): RecipeInput {
  const { steps: _, ...train } = project.recipe().train!;
  return project.recipe({ train, stages, ...changes });
}

it('writes each stage with its own data, order, writers, schedule and evaluation, and the run\'s held-out rows', async () => {
  const recipe = recipeSchema.parse(staged([
    { name: 'fine-tune', method: { preset: 'sft' }, data: { train: project.validation, maxCompletionTokens: 8 }, train: { epochs: 2, batchSize: 4, learningRate: 3e-3 } },
    { name: 'read', method: { preset: 'seqkd' }, train: { steps: 2, schedule: 'cosine' } },
    { name: 'distil', method: { preset: 'gkd', lambda: 0.5, mixing: 'batch' }, train: { steps: 9 }, evaluate: { every: 4, examples: 3 } },
  ]));
  const to = join(project.folder, 'handed-stages');
  expect(await writeHandover(recipe, to)).toMatchObject({ examples: 86, heldOut: 6, stages: 3 });
  const settings = JSON.parse(await readFile(join(to, 'settings.json'), 'utf8')) as { stages: { folder: string }[] };
  expect(settings).toMatchObject({
    steps: 14, checkpoint: { every: 4, keep: 2 }, teacher: project.teacher,
    stages: [
      { name: 'fine-tune', folder: 'stage-1', first: 0, firstEpoch: 0, trainFile: 'train.jsonl', examples: 6, maxNewTokens: 8, method: { trainer: 'sft' }, train: { steps: 3, batchSize: 4, learningRate: 3e-3, warmupSteps: 2 }, evaluate: { every: 0 } },
      { name: 'read', folder: 'stage-2', first: 3, firstEpoch: 2, trainFile: 'teacher.jsonl', examples: 40, maxNewTokens: 16, method: { trainer: 'sft' }, train: { steps: 2, batchSize: 6, learningRate: 1e-3, schedule: 'cosine' } },
      { name: 'distil', folder: 'stage-3', first: 5, firstEpoch: 2 + (2 * 6) / 40, trainFile: 'train.jsonl', method: { trainer: 'gkd' }, train: { steps: 9, batchSize: 6, schedule: 'linear' }, evaluate: { every: 4 } },
    ],
  });
  const sizes = [[6, 4, 3], [40, 6, 2], [40, 6, 9]] as const;
  for (const [at, [count, batch, steps]] of sizes.entries()) {
    const data = join(to, 'data', settings.stages[at]!.folder);
    const [train, heldOut] = [await linesOf(join(data, 'train.jsonl')), await linesOf(join(data, 'validation.jsonl'))];
    expect([train.length, heldOut.length]).toEqual([count, at === 2 ? 3 : 6]);
    // A stage whose texts are shorter is measured on the run's own.
    expect(Math.max(...train.map(({ completion }) => completion.length))).toBeLessThanOrEqual(at === 0 ? 8 : 16);
    expect(Math.max(...heldOut.map(({ completion }) => completion.length))).toBe(16);
    const order = await readFile(join(data, 'order.bin'));
    const visits = Array.from({ length: steps }, (_, step) => batchIndices(step + 1, batch, count, 7, true)).flat();
    expect(Array.from({ length: order.length / 4 }, (_, place) => order.readUInt32LE(4 * place))).toEqual(visits);
  }
  expect([...await readFile(join(to, 'data', 'stage-1', 'on-policy.bin'))]).toEqual([0, 0, 0]);
  const method = { ...methodOf(stagesOf(recipe)[2]!.recipe), mixing: 'batch' as const };
  expect([...await readFile(join(to, 'data', 'stage-3', 'on-policy.bin'))]).toEqual(Array.from({ length: 9 }, (_, step) => Number(drawOnPolicy(method, 7, step + 1, 1)[0])));
  const readme = await readFile(join(to, 'README.md'), 'utf8');
  for (const part of ['1. **fine-tune**: `SFTTrainer`, `data/stage-1/`', '3. **distil**: `GKDTrainer`, `data/stage-3/`', 'A batch is 4 or 6 examples', 'teacher_writes.py', 'Stage "read": The teacher writes its completions there first']) expect(readme).toContain(part);
});

it('names the stage that TRL has no counterpart of, or whose teacher speaks other tokens, and writes nothing', async () => {
  const to = join(project.folder, 'refused-stages');
  const stages = (method: NonNullable<RecipeInput['stages']>[number]['method']): RecipeInput['stages'] => [{ name: 'fine-tune', method: { preset: 'sft' }, train: { steps: 2 } }, { name: 'distil', method, train: { steps: 2 } }];
  await expect(writeHandover(recipeSchema.parse(staged(stages({ preset: 'minillm' }))), to)).rejects.toThrow('Stage "distil": TRL cannot train this recipe: MiniLLM');
  const other = await otherModel(join(project.folder, 'other'), 3);
  await expect(writeHandover(recipeSchema.parse(staged(stages({ preset: 'gkd' }), { teacher: { model: other } })), to)).rejects.toThrow('Stage "distil": Teacher and student have different tokenizers');
  expect(existsSync(to)).toBe(false);
});
