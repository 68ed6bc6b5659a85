import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { decodeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { CommandEvent, Params } from '../../src-main/contract/worker-host.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { characterModel } from '../support/character-model.ts';

let folder: string;
/** A student that has learned to set out sums and to get them wrong. */
let student: string;
let data: string;
const QUESTIONS = [['2+3', 6], ['7*4', 21], ['9-5', 3]] as const;
const RIGHT: Record<string, string> = { '2+3': '5', '7*4': '28', '9-5': '4' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-calculator-'));
  const begun = await characterModel(join(folder, 'begun'));
  data = join(folder, 'wrong.jsonl');
  await writeFile(data, QUESTIONS.map(([question, wrong]) => `${JSON.stringify({ question, solution: `<<${question}=${wrong}>>`, right: RIGHT[question] })}\n`).join(''));
  const { checkpoint } = await runJob({
    recipe: parseRecipe({
      name: 'wrong', student: { model: begun }, data: { train: data, prompt: '{{question}} ', completion: '{{solution}}', maxPromptTokens: 8, maxCompletionTokens: 16 },
      method: { preset: 'sft' }, train: { steps: 120, batchSize: 3, learningRate: 0.01, schedule: 'linear' }, checkpoint: { every: 120 },
    }, 'test'),
    runDir: join(folder, 'learn'), runId: 'learn', isResumed: false, emit: () => undefined, stopRequest: () => null,
  });
  student = join(folder, 'student');
  await cp(join(checkpoint!, 'model'), student, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Parameters = Params<Commands, 'evaluate'>;
async function evaluate(changes: Partial<Parameters>): Promise<{ texts: string[]; accuracy: number }> {
  const events: CommandEvent<Commands, 'evaluate'>[] = [];
  const { metrics } = await evaluateModel({
    model: student, device: 'cpu', data, prompt: '{{question}} ', reference: '{{right}}', chat: false, metrics: ['accuracy'], examples: null,
    maxNewTokens: 16, decode: decodeSchema.parse({}), seed: 0, teacher: null, draftTokens: 4, choices: null, shots: null, calculator: true, ...changes,
  }, new AbortController().signal, (event) => events.push(event));
  return { texts: events.flatMap((event) => (event.event === 'prediction' ? [event.prediction] : [])), accuracy: metrics['accuracy']!.value };
}

describe('a model that gets its sums wrong', () => {
  it('is right with a calculator, and only with one', async () => {
    expect(await evaluate({ calculator: false })).toEqual({ texts: ['<<2+3=6>>', '<<7*4=21>>', '<<9-5=3>>'], accuracy: 0 });
    const { texts, accuracy } = await evaluate({});
    expect(texts).toEqual([expect.stringMatching(/^<<2\+3=5>>/), expect.stringMatching(/^<<7\*4=28>>/), expect.stringMatching(/^<<9-5=4>>/)]);
    expect(accuracy).toBe(1);
    const sampled = await evaluate({ decode: decodeSchema.parse({ strategy: 'sample', temperature: 0.1 }) });
    expect(sampled.texts.every((text) => !text.includes('=') || /=(5|28|4)>>/.test(text))).toBe(true);
  });

  it('is refused one that could do nothing', async () => {
    await expect(evaluate({ decode: decodeSchema.parse({ strategy: 'beam' }) })).rejects.toThrow('beam search');
    await expect(evaluate({ metrics: ['perplexity'] })).rejects.toThrow('no metric has the model write answers');
    const without = await characterModel(join(folder, 'without'), '0123456789+-*/= ');
    await expect(evaluate({ model: without })).rejects.toThrow('cannot write an annotation');
    await expect(prepareRun(parseRecipe(recipe({ evaluate: { calculator: true, metrics: ['accuracy'], decode: { strategy: 'beam' } } }), 'test'), tmpdir())).rejects.toThrow('beam search');
  });
});

const recipe = (changes: Partial<RecipeInput>): RecipeInput => ({
  name: 'on-policy', student: { model: student }, teacher: { model: student },
  data: { train: data, validation: data, prompt: '{{question}} ', completion: '{{right}}', maxPromptTokens: 8, maxCompletionTokens: 16 },
  method: { preset: 'on-policy-kd' }, train: { steps: 2, batchSize: 3, learningRate: 1e-4 }, ...changes,
});

it('a run evaluates with it and trains without', async () => {
  const run = async (name: string, calculator: boolean): Promise<RunEvent[]> => {
    const events: RunEvent[] = [];
    await runJob({
      recipe: parseRecipe(recipe({ evaluate: { metrics: ['accuracy'], calculator } }), 'test'), runDir: join(folder, name), runId: name,
      isResumed: false, emit: (event) => events.push(event), stopRequest: () => null,
    });
    return events;
  };
  const [without, guided] = [await run('without-calculator', false), await run('with-calculator', true)];
  const accuracies = (events: RunEvent[]): number[] => events.flatMap((event) => (event.event === 'evaluation' ? [event.metrics['accuracy']!.value] : []));
  expect(accuracies(without)).toEqual([0, 0]);
  expect(accuracies(guided)).toEqual([1, 1]);
  // The teacher's answers are written as the student's are.
  expect(guided.find((event) => event.event === 'evaluation')!.samples[0]!.teacher).toMatch(/^<<2\+3=5>>/);
  const rollouts = (events: RunEvent[]): unknown => events.filter(({ event }) => event === 'rollouts');
  expect(rollouts(guided)).toEqual(rollouts(without));
  expect(JSON.stringify(rollouts(guided))).not.toMatch(/3=5>>/);
});
