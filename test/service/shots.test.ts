import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { decodeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { shotsSchema, type ShotSettings } from '../../src-main/contract/shots.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { CommandEvent, Params, Result } from '../../src-main/contract/worker-host.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import { readExamples } from '../../src-main/service/examples/examples.ts';
import { openWholeModel } from '../../src-main/model/load-model.ts';
import { recipeIn } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { firstExamples } from '../../src-main/text/example-set.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
let model: string;
const SHOTS = 'Q: 1+1\nA: 2\n\nQ: 2+2\nA: 4\n\n';
const TEMPLATES = { prompt: 'Q: {{question}}\nA:', completion: ' {{answer}}' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-shots-'));
  model = await characterModel(join(folder, 'model'));
  const rows = (...sums: [string, string][]): string => sums.map(([question, answer]) => `${JSON.stringify({ question, answer })}\n`).join('');
  await writeFile(join(folder, 'shots.jsonl'), rows(['1+1', '2'], ['2+2', '4']));
  await writeFile(join(folder, 'shots.txt'), SHOTS);
  await writeFile(join(folder, 'data.jsonl'), rows(['3+4', '7'], ['15+20', '35'], ['9-2', '7']));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (changes: Partial<ShotSettings> = {}): ShotSettings => shotsSchema.parse({ file: join(folder, 'shots.jsonl'), ...changes });
const LIMITS = { maxPromptTokens: 64, maxCompletionTokens: 8, needsCompletions: true, chat: false };

describe('prompts with shots', () => {
  it('are the tokens of the joined text, whatever file the shots are from', async () => {
    const opened = await openWholeModel(model);
    const [rows, text] = await Promise.all([settings(), settings({ file: join(folder, 'shots.txt') })].map(async (shots) =>
      firstExamples(await readExamples(join(folder, 'data.jsonl'), { ...TEMPLATES, ...LIMITS, shots }, opened), null)));
    expect(rows).toEqual(text);
    for (const { prompt, promptText, inputText, shotTokens } of rows!) {
      expect([...prompt]).toEqual(opened.tokenizer.encode(`${SHOTS}${promptText}`, { special: true }));
      expect(inputText).toBe(`${SHOTS}${promptText}`);
      expect(shotTokens).toBe(SHOTS.length);
    }
    // What is shown of an example is its own prompt.
    expect(rows!.map(({ promptText }) => promptText)).toEqual(['Q: 3+4\nA:', 'Q: 15+20\nA:', 'Q: 9-2\nA:']);
  });

  it('are refused where the beginning of the shots would be lost, with numbers', async () => {
    const opened = await openWholeModel(model);
    const read = (maxPromptTokens: number): Promise<unknown> => readExamples(join(folder, 'data.jsonl'), { ...TEMPLATES, ...LIMITS, shots: settings(), maxPromptTokens }, opened);
    const longest = 1 + SHOTS.length + 'Q: 15+20\nA:'.length;
    await expect(read(longest - 1)).rejects.toThrow(
      `The shots have ${SHOTS.length} tokens; with them 1 of 3 prompts (data.jsonl row 2 is the first, the longest has ${longest} tokens) are longer than data.maxPromptTokens, ${longest - 1}.`);
    await expect(read(20)).rejects.toMatchObject({ message: expect.stringContaining('3 of 3 prompts') as string, hint: `The shots would lose their beginning: raise it to ${longest}, or give fewer or shorter shots.` });
    await read(longest);
  });
});

describe('an evaluation with shots', () => {
  type Parameters = Params<Commands, 'evaluate'>;
  const evaluate = async (changes: Partial<Parameters>): Promise<Result<Commands, 'evaluate'> & { texts: { prompt: string; prediction: string }[] }> => {
    const events: CommandEvent<Commands, 'evaluate'>[] = [];
    const result = await evaluateModel({
      model, device: 'cpu', data: join(folder, 'data.jsonl'), prompt: TEMPLATES.prompt, reference: TEMPLATES.completion, chat: false, metrics: ['accuracy'], examples: null,
      maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0, teacher: null, draftTokens: 4, choices: null, shots: settings(), calculator: false, ...changes,
    }, new AbortController().signal, (event) => events.push(event));
    return { ...result, texts: events.flatMap((event) => (event.event === 'prediction' ? [event] : [])) };
  };

  it('writes what the model writes to the whole prompt, and shows the row\'s own', async () => {
    const { texts } = await evaluate({});
    const spelled = await evaluate({ shots: null, prompt: `${SHOTS}${TEMPLATES.prompt}` });
    expect(texts.map(({ prediction }) => prediction)).toEqual(spelled.texts.map(({ prediction }) => prediction));
    expect(texts.map(({ prompt }) => prompt)).toEqual(['Q: 3+4\nA:', 'Q: 15+20\nA:', 'Q: 9-2\nA:']);
    expect((await evaluate({ shots: null })).texts.map(({ prediction }) => prediction)).not.toEqual(texts.map(({ prediction }) => prediction));
  });

  it('reads choices and references behind them as well', async () => {
    const of = { metrics: ['multiple-choice', 'perplexity'], choices: '7|35', reference: '{{answer}}' };
    const { metrics } = await evaluate({ ...of, shots: settings({ template: `${TEMPLATES.prompt}${TEMPLATES.completion}` }) });
    expect(metrics).toEqual((await evaluate({ ...of, shots: null, prompt: `${SHOTS}${TEMPLATES.prompt}` })).metrics);
    expect(metrics).not.toEqual((await evaluate({ ...of, shots: null })).metrics);
  });

  it('says where they leave no room or give an answer away', async () => {
    await expect(evaluate({ maxNewTokens: 60 })).rejects.toThrow(/The shots have 26 tokens; with them 1 of 3 prompts .* what 60 new tokens leave of the context of 96/);
    await expect(evaluate({ data: join(folder, 'shots.jsonl') })).rejects.toThrow('shots.jsonl row 1 is one of the shots');
    await evaluate({ data: join(folder, 'shots.jsonl'), shots: settings({ file: join(folder, 'data.jsonl') }) });
  });
});

describe('a run with shots', () => {
  const recipe = (changes: Partial<RecipeInput['data']> = {}): RecipeInput => ({
    name: 'shots', student: { model }, teacher: { model },
    data: { train: 'data.jsonl', validation: 'data.jsonl', ...TEMPLATES, shots: { file: 'shots.jsonl' }, maxPromptTokens: 48, maxCompletionTokens: 8, ...changes },
    method: { preset: 'gkd', mixing: 'example' }, train: { steps: 2, batchSize: 3, learningRate: 1e-3 }, evaluate: { metrics: ['accuracy'] },
  });
  const run = async (name: string, input: RecipeInput): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    await runJob({ recipe: recipeIn(input, 'test', folder), runDir: join(folder, name), runId: name, isResumed: false, emit: (event) => events.push(event), stopRequest: () => null });
    return events;
  };

  it('trains and evaluates on the prompts that they begin', async () => {
    const [given, spelled] = [await run('given', recipe()), await run('spelled', recipe({ shots: undefined, prompt: `${SHOTS}${TEMPLATES.prompt}` }))];
    const numbers = (events: RunEvent[]): unknown[] => events.flatMap((event): unknown[] => {
      if (event.event === 'step') return [[event.loss, event.gradientNorm, event.studentEntropy]];
      if (event.event === 'rollouts') return event.rollouts.map(({ tokens }) => tokens);
      return event.event === 'evaluation' ? [[event.loss, event.divergence, event.samples.map(({ prediction }) => prediction)]] : [];
    });
    expect(numbers(given)).toEqual(numbers(spelled));
    const prompts = given.flatMap((event): { prompt: string }[] => (event.event === 'rollouts' ? event.rollouts : event.event === 'evaluation' ? event.samples : []))
      .map(({ prompt }) => prompt);
    expect(new Set(prompts)).toEqual(new Set(['Q: 3+4\nA:', 'Q: 15+20\nA:', 'Q: 9-2\nA:']));
  });

  it('is refused before it begins where something is wrong with them', async () => {
    const prepare = (changes: Partial<RecipeInput['data']>): Promise<unknown> => prepareRun(recipeIn(recipe(changes), 'test', folder), tmpdir());
    await prepare({});
    await expect(prepare({ maxPromptTokens: 30 })).rejects.toThrow('The shots have 26 tokens');
    await expect(prepare({ shots: { file: 'nowhere.jsonl' } })).rejects.toThrow('nowhere.jsonl does not exist');
    await expect(prepare({ shots: { file: 'shots.jsonl', template: '{{qestion}}' } })).rejects.toThrow('shots.jsonl row 1: there is no column "qestion".');
    await expect(prepare({ shots: { file: 'data.jsonl', count: 1 } })).rejects.toThrow('data.jsonl row 1 is one of the shots');
  });
});
