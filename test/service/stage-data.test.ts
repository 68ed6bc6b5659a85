import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { stagesOf, trainingFilesOf } from '../../src-main/contract/stages.ts';
import type { HandedMethod } from '../../src-main/handover/plan.ts';
import { openHome } from '../../src-main/service/home.ts';
import { adoptRun } from '../../src-main/service/adopt/adopt-run.ts';
import { measureRun } from '../../src-main/service/advise/measure-run.ts';
import { handedSettings } from '../../src-main/service/handover/handed-settings.ts';
import { parseRecipe, readRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { lookAtInputs } from '../../src-main/service/run/record/inputs.ts';
import { prepareStages } from '../../src-main/service/run/stages/prepare-stages.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { evaluationsAfter } from '../../src-main/service/run/run-time.ts';
import { readLog } from '../../src-main/store/log.ts';
import { eachExample, firstExamples, type ExampleSet } from '../../src-main/text/example-set.ts';
import { command, type Told } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

/** Stages that learn from files of their own, and are evaluated in their own way. */
let project: TinyProject;
const at = (...parts: string[]): string => join(project.folder, ...parts);
beforeAll(async () => {
  project = await tinyProject();
  // Pairs under other names, which only the first stage reads.
  const rows = readFileSync(project.validation, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { question: string; solution: string });
  writeFileSync(at('pairs.jsonl'), rows.map(({ question, solution }) => `${JSON.stringify({ q: question, a: solution })}\n`).join(''));
});
afterAll(() => project.remove());

const PAIRS = () => ({ train: at('pairs.jsonl'), prompt: '{{q}}', completion: '{{a}}', maxCompletionTokens: 12 });

function staged(changes: Partial<RecipeInput> = {}): RecipeInput {
  const { steps: _, ...train } = project.recipe().train!;
  return {
    ...project.recipe(), train, checkpoint: { every: 2, keep: 2 }, evaluate: { every: 3, examples: 4 },
    stages: [
      { name: 'pairs', method: { preset: 'sft' }, train: { steps: 3 }, data: PAIRS(), evaluate: { every: 1, examples: 2 } },
      { name: 'prompts', method: { lambda: 1 }, train: { steps: 4 }, evaluate: { metrics: ['exact-match'], maxNewTokens: 4 } },
    ],
    ...changes,
  };
}

async function run(name: string, recipe: RecipeInput): Promise<Told[]> {
  const events: Told[] = [];
  await runJob({
    recipe: parseRecipe(recipe, 'test'), runDir: at(name), runId: name, isResumed: false, cache: at(`${name} cache`),
    stopRequest: () => null, emit: (event) => { events.push(event as Told); },
  });
  return events;
}

const weightsOf = (name: string, step: number): string => createHash('sha256').update(readFileSync(at(name, 'checkpoints', `step-${step}`, 'model', 'model.safetensors'))).digest('hex');
/** What evaluations tell: how many rows and which metrics, at which step. */
const evaluated = (events: readonly Told[]): unknown[] => events.filter(({ event }) => event === 'evaluation').map((event) => {
  const { step, examples, metrics, loss } = event as Told & { examples: number; metrics: object };
  return { step, examples, metrics: Object.keys(metrics), loss };
});

it('a stage with data of its own learns to the bit what a run of that data would, and is evaluated on the run\'s rows', async () => {
  const recipe = staged();
  const whole = await run('whole', recipe);
  const { stages: _, ...alone } = recipe;
  const { validation: _v, ...data } = recipe.data;
  await run('pairs alone', { ...alone, data: { ...data, ...PAIRS() }, method: { preset: 'sft' }, train: { ...alone.train, steps: 3 } });
  const then = await run('prompts alone', {
    ...alone, student: { model: at('pairs alone', 'checkpoints', 'step-3', 'model') }, method: { ...alone.method, lambda: 1 }, train: { ...alone.train, steps: 4 },
    evaluate: { ...alone.evaluate, metrics: ['exact-match'], maxNewTokens: 4 },
  });
  expect(weightsOf('whole', 7)).toBe(weightsOf('prompts alone', 4));
  const rows = evaluated(whole) as { step: number; examples: number; metrics: string[]; loss: number }[];
  expect(rows.map(({ step, examples, metrics }) => [step, examples, metrics.length])).toEqual([[0, 2, 0], [1, 2, 0], [2, 2, 0], [3, 4, 1], [6, 4, 1], [7, 4, 1]]);
  // The held-out rows of the second stage are read as those of a run of its own.
  expect(rows.slice(-1).map(({ loss }) => loss)).toEqual((evaluated(then) as { loss: number }[]).slice(-1).map(({ loss }) => loss));
  expect(evaluationsAfter(parseRecipe(recipe, 'test'), 0, 7, [3, 4])).toBe(rows.length);
  expect(evaluationsAfter(parseRecipe(recipe, 'test'), 2, 7, [3, 4])).toBe(3);
});

it('goes on to the bit where a stage has data of its own, and knows where each began without its log', async () => {
  await run('undisturbed', staged());
  writeFileSync(at('cut.json'), JSON.stringify(staged()));
  for (const [turn, place] of (['step 2', 'step 5', undefined] as const).entries()) {
    const { code, errors } = await command(at('home'), turn === 0 ? ['run', at('cut.json'), '--run-dir', at('cut')] : ['resume', at('cut')], place);
    expect([errors, code]).toEqual(['', place === undefined ? 0 : null]);
  }
  expect(weightsOf('cut', 7)).toBe(weightsOf('undisturbed', 7));
  cpSync(at('cut'), at('taken in'), { recursive: true });
  rmSync(at('taken in', 'log.txt'));
  const home = await openHome(at('other home'));
  try {
    const { id } = await adoptRun(home, at('taken in'));
    const told = (await readLog(home.database, id, { after: 0, limit: 99 })).filter(({ code }) => code === 'stage');
    expect(told.map(({ step, message }) => [step, message])).toEqual([[0, 'Stage 1 of 2 begins: "pairs", steps 1 to 3.'], [3, 'Stage 2 of 2 begins: "prompts", steps 4 to 7.']]);
  } finally {
    await home.close();
  }
});

const rowsOf = async (set: ExampleSet): Promise<number[]> => {
  const rows: number[] = [];
  for await (const { index } of eachExample(set)) rows.push(index);
  return rows;
};

it('holds the same rows out in every stage that reads their file, and none of another', async () => {
  const { validation: _, ...data } = project.recipe().data;
  const recipe = parseRecipe(staged({ data: { ...data, validationShare: 0.2 }, stages: [
    { name: 'pairs', method: { preset: 'sft' }, train: { steps: 1 }, data: PAIRS() },
    { name: 'shorter', method: { preset: 'sft' }, train: { steps: 1 }, data: { maxCompletionTokens: 4 } },
    { name: 'as it is', train: { steps: 1 } },
  ] }), 'test');
  const { stages } = await prepareStages(recipe, at('none'));
  const [pairs, shorter, same] = await Promise.all(stages.map(async ({ train, validation }) => ({ train: await rowsOf(train), heldOut: await rowsOf(validation) })));
  expect(same!.heldOut).toHaveLength(8);
  expect([pairs!.heldOut, shorter!.heldOut]).toEqual([same!.heldOut, same!.heldOut]);
  expect([pairs!.train, shorter!.train]).toEqual([[0, 1, 2, 3, 4, 5], same!.train]);
  expect(same!.train.filter((row) => same!.heldOut.includes(row))).toEqual([]);
});

it('notes what each stage reads, by paths relative to the recipe', async () => {
  const recipe = staged();
  recipe.stages![0]!.data!.train = 'pairs.jsonl';
  writeFileSync(at('relative.json'), JSON.stringify(recipe));
  const read = await readRecipe(at('relative.json'));
  expect(trainingFilesOf(read)).toEqual([at('pairs.jsonl'), project.train]);
  expect((await lookAtInputs(read)).filter(({ field }) => field.startsWith('stages.')).map(({ field, path }) => [field, path])).toEqual([['stages.0.data.train', at('pairs.jsonl')]]);
});

it('a stage that says what its prompts are made of takes nothing of the texts from the recipe', () => {
  const recipe = parseRecipe(staged({ data: { ...project.recipe().data, system: 'Be brief.', chat: true, learn: 'all' } }), 'test');
  const [pairs, prompts] = stagesOf(recipe);
  expect(pairs.recipe.data).toMatchObject({ prompt: '{{q}}', chat: false, learn: 'last', maxPromptTokens: 24, maxCompletionTokens: 12 });
  expect(pairs.recipe.data.system).toBeUndefined();
  expect(prompts!.recipe.data).toBe(recipe.data);
});

it.each<[string, object, string]>([
  ['held-out rows of its own', { data: { validation: 'v.jsonl' } }, 'there is no field stages.0.data.validation: held-out rows are the run\'s'],
  ['a share of its own held out', { data: { validationShare: 0.1 } }, 'there is no field stages.0.data.validationShare: held-out rows are the run\'s'],
  ['a best checkpoint of its own', { evaluate: { best: 'loss' } }, 'there is no field stages.0.evaluate.best: the best checkpoint is looked for in the last stage'],
  ['patience of its own', { evaluate: { patience: 2 } }, 'there is no field stages.0.evaluate.patience'],
  ['a mistyped field', { data: { trian: 'x' } }, 'there is no field stages.0.data.trian'],
  ['a length out of bounds', { data: { maxCompletionTokens: 0 } }, 'stages.0.data.maxCompletionTokens is 0'],
])('a stage with %s is refused by its field', (_what, section, message) => {
  const [first, second] = staged().stages!;
  expect(() => parseRecipe({ ...staged(), stages: [{ ...first, ...section }, second] }, 'test')).toThrow(message);
});

it('a training file that no stage reads is refused', () => {
  const [first, second] = staged().stages!;
  expect(() => parseRecipe({ ...staged(), stages: [first, { ...second, data: PAIRS() }] }, 'test')).toThrow('is read by no stage');
});

it('what is wrong with a stage\'s file is told at the stage', async () => {
  const [first, second] = staged().stages!;
  const prepare = (data: object): Promise<unknown> => prepareStages(parseRecipe({ ...staged(), stages: [{ ...first, data }, second] }, 'test'), at('none'));
  await expect(prepare({ train: at('nowhere.jsonl') })).rejects.toThrow('Stage "pairs": ');
  await expect(prepare({ train: at('pairs.jsonl') })).rejects.toThrow(/^Stage "pairs": .*question/);
});

it('evaluations of a stage with shorter texts of its own have the room of the held-out rows', async () => {
  const recipe = staged({ data: { ...project.recipe().data, maxCompletionTokens: 80 } });
  const [first, second] = recipe.stages!;
  const short = { ...recipe, stages: [first!, { ...second!, data: { maxCompletionTokens: 12 } }] };
  await expect(prepareStages(parseRecipe(short, 'test'), at('longer'))).rejects.toThrow('data.maxPromptTokens and data.maxCompletionTokens of held-out rows together are 104 tokens');
});

it('the scripts of a stage with shorter texts of its own let held-out answers be as long as here', async () => {
  const handed = handedSettings(await prepareStages(parseRecipe(staged(), 'test'), at('handed')), ['sft', 'gkd'].map((trainer) => ({ trainer }) as HandedMethod));
  expect(handed).toMatchObject({ stages: [{ maxNewTokens: 12, evaluate: { maxNewTokens: 16 } }, { maxNewTokens: 16, evaluate: { maxNewTokens: 4 } }] });
});

it('advice about a stage with shorter texts of its own measures held-out rows whole', async () => {
  const recipe = staged();
  const [first, ...rest] = recipe.stages!;
  const prepared = await prepareStages(parseRecipe({ ...recipe, stages: [{ ...first!, data: { ...PAIRS(), maxPromptTokens: 2, maxCompletionTokens: 2 } }, ...rest] }, 'test'), at('advised'));
  const stage = prepared.stages[0]!;
  const examples = await firstExamples(stage.validation, 2);
  const facts = await measureRun(stage, examples, { from: null, isItself: false, share: 1, signal: new AbortController().signal, tell: () => undefined });
  expect(facts).toMatchObject({ rows: 2, newTokens: 16 });
  expect(facts.student.texts.some(({ tokens }) => tokens.length > 4)).toBe(true);
});
