import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Evaluation } from '../../src-main/contract/events.ts';
import { decodeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { Params, Result } from '../../src-main/contract/worker-host.ts';
import { RunningSpeed, scoreDrafting } from '../../src-main/metrics/acceptance.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

type Parameters = Params<Commands, 'evaluate'>;
const evaluate = (changes: Partial<Parameters>): Promise<Result<Commands, 'evaluate'>> => evaluateModel({
  model: project.student, device: 'cpu', data: project.validation, prompt: '{{question}}', reference: null, chat: false, metrics: ['acceptance'], examples: null,
  maxNewTokens: 16, decode: decodeSchema.parse({}), seed: 7, teacher: project.teacher, draftTokens: 4, choices: null, shots: null, calculator: false, ...changes,
}, new AbortController().signal, () => undefined);

/** The evaluations of a short run. */
async function evaluationsOf(name: string, changes: Partial<RecipeInput>): Promise<Evaluation[]> {
  const told: Evaluation[] = [];
  await runJob({
    recipe: parseRecipe({ ...project.recipe(), train: { steps: 1, batchSize: 2, learningRate: 1e-3 }, ...changes }, 'test'), runDir: join(project.folder, name), runId: name,
    isResumed: false, emit: (event) => { if (event.event === 'evaluation') told.push(event); }, stopRequest: () => null,
  });
  return told;
}

it('measures how a model drafts for a teacher, the same in a run as by itself', async () => {
  const same = await evaluate({ teacher: project.student });
  expect(same.metrics['acceptance']).toEqual({ value: 1, low: 1, high: 1 });
  expect(same.metrics['tokens-per-call']!.value).toBeGreaterThan(3);
  const { metrics } = await evaluate({});
  expect(metrics['acceptance']!.value).toBeLessThan(1);
  expect(metrics['tokens-per-call']!.value).toBeGreaterThanOrEqual(1);
  expect(metrics['speed-up']!.value).toBeGreaterThan(0);
  const { 'speed-up': _, ...ofDrafts } = metrics;
  const { data } = project.recipe();
  const [before] = await evaluationsOf('drafting', { data: { ...data, maxPromptTokens: 40 }, evaluate: { metrics: ['acceptance'], maxNewTokens: 16 } });
  expect(before!.metrics).toEqual(ofDrafts);
  // A method that needs no teacher has one for the drafts, and still learns and is judged without it.
  const [alone] = await evaluationsOf('sft', { data: { ...data, maxPromptTokens: 40 }, method: { preset: 'sft' }, evaluate: { metrics: ['acceptance'], maxNewTokens: 16 } });
  expect(alone).toMatchObject({ metrics: ofDrafts, divergence: null });
});

it('says what drafts need', async () => {
  await expect(evaluate({ teacher: null })).rejects.toThrow('needs a teacher');
  await expect(evaluate({ metrics: ['rouge'] })).rejects.toThrow('no metric needs one');
  await expect(evaluate({ decode: decodeSchema.parse({ strategy: 'beam' }) })).rejects.toThrow('beam search');
  await expect(evaluate({ maxNewTokens: 1 })).rejects.toThrow('only one token');
  const prepare = (changes: Partial<RecipeInput>): Promise<unknown> => prepareRun(parseRecipe({ ...project.recipe(), evaluate: { metrics: ['acceptance'] }, ...changes }, 'test'), tmpdir());
  await prepare({});
  await expect(prepare({ evaluate: { metrics: ['acceptance'], decode: { strategy: 'beam' } } })).rejects.toThrow('beam search');
  const { teacher: _, ...untaught } = project.recipe({ method: { preset: 'sft' }, evaluate: { metrics: ['acceptance'] } });
  await expect(prepareRun(parseRecipe(untaught, 'test'), tmpdir())).rejects.toThrow('the metric "acceptance" needs a teacher');
});

it('scores drafts by all their tokens together', () => {
  const texts = [{ tokens: [1, 2, 3, 4], judged: 4, accepted: 3, calls: 1 }, { tokens: [1, 2], judged: 6, accepted: 0, calls: 2 }];
  const { acceptance, 'tokens-per-call': tokens } = scoreDrafting(texts, 0);
  expect(acceptance).toEqual({ value: 0.3, low: 0, high: 0.75 });
  expect(tokens).toEqual({ value: 2, low: 1, high: 4 });
  const speed = new RunningSpeed();
  speed.add([{ tokens: [1, 2], ms: 20 }, { tokens: [1], ms: 10 }], [{ tokens: [1, 2, 3, 4], ms: 10 }, { tokens: [1], ms: 15 }]);
  expect(speed.all(0)['speed-up']!.value).toBeCloseTo(10 / 5);
});

it('reads references with the likelihood that a run tells, whatever the temperature of its divergence', async () => {
  const read = await evaluate({ metrics: ['perplexity'], reference: '{{solution}}', teacher: null });
  const { value, low, high } = read.metrics['perplexity']!;
  expect(low!).toBeLessThan(value);
  expect(high!).toBeGreaterThan(value);
  const { data, method } = project.recipe();
  for (const lossTemperature of [1, 3]) {
    const [before] = await evaluationsOf(`perplexity-${lossTemperature}`, {
      data: { ...data, maxPromptTokens: 40, maxCompletionTokens: 56 }, method: { ...method!, lossTemperature }, evaluate: { metrics: ['perplexity'] },
    });
    const { metrics, loss, lossLow, lossHigh, divergence, divergenceLow, divergenceHigh } = before!;
    expect(metrics).toEqual({ perplexity: { value: expect.closeTo(value, 4) as number, low: expect.closeTo(low!, 4) as number, high: expect.closeTo(high!, 4) as number } });
    expect([loss, lossLow, lossHigh].map((nats) => Math.exp(nats!))).toEqual([value, low, high].map((one) => expect.closeTo(one!, 4) as number));
    expect(divergenceLow!).toBeLessThan(divergence!);
    expect(divergenceHigh!).toBeGreaterThan(divergence!);
  }
  await expect(evaluate({ metrics: ['perplexity'], teacher: null })).rejects.toThrow('needs references');
  const { completion: _, ...prompts } = data;
  const unanswered = project.recipe({ data: prompts, method: { preset: 'on-policy-kd' }, evaluate: { metrics: ['perplexity'] } });
  await expect(prepareRun(parseRecipe(unanswered, 'test'), tmpdir())).rejects.toThrow('perplexity, which needs right answers');
});

it('asks for choices in a run as by itself', async () => {
  const { data } = project.recipe();
  const of = { choices: '12|7|{{solution}}', reference: '{{solution}}', metrics: ['multiple-choice'], teacher: null };
  const { metrics } = await evaluate(of);
  expect(Object.keys(metrics)).toEqual(['choice-accuracy', 'choice-accuracy-norm']);
  const evaluation = { metrics: ['multiple-choice'], choices: of.choices };
  const [before] = await evaluationsOf('choices', { data: { ...data, completion: of.reference, maxPromptTokens: 40, maxCompletionTokens: 56 }, evaluate: evaluation });
  expect(before!.metrics).toEqual(metrics);
  await expect(prepareRun(parseRecipe({ ...project.recipe(), evaluate: { ...evaluation, choices: '12|7' } }, 'test'), tmpdir())).rejects.toThrow('is none of its choices');
});
