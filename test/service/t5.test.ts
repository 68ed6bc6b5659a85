import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { decodeSchema, recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import type { InspectionReport } from '../../src-main/contract/token-report.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { makeStudent } from '../../src-main/model/make-student.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { evaluateModel } from '../../src-main/service/evaluate/evaluate-model.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import type { StopRequest } from '../../src-main/service/run/job.ts';
import { t5Model } from '../support/t5-model.ts';

const never = new AbortController().signal;
let folder: string;
let teacher: string;
let student: string;
let train: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-t5-'));
  teacher = await t5Model('t5-wide-heads', join(folder, 'teacher'));
  student = await t5Model('t5', join(folder, 'student'));
  train = join(folder, 'train.jsonl');
  const pairs = [['the house', 'das Haus'], ['a man walks', 'alt'], ['the house is small and old', 'das Haus ist klein und alt'], ['two dogs', 'über'], ['the street', 'die Brücke']];
  await writeFile(train, pairs.map(([en, de]) => `${JSON.stringify({ en, de })}\n`).join(''));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const recipe = (changes: Partial<RecipeInput> = {}): RecipeInput => ({
  name: 't5', seed: 3, teacher: { model: teacher }, student: { model: student },
  data: { train, validation: train, prompt: '{{en}}', completion: '{{de}}', maxPromptTokens: 20, maxCompletionTokens: 10 },
  method: { preset: 'gkd', lambda: 0.5, mixing: 'example', divergence: 'jsd', beta: 0.1 },
  train: { steps: 10, batchSize: 4, microBatchSize: 3, learningRate: 1e-2, optimizer: 'adafactor', scaleParameter: true },
  evaluate: { every: 5, metrics: ['bleu', 'rouge'], maxNewTokens: 8, decode: { strategy: 'beam', beams: 3 } },
  checkpoint: { every: 4, keep: 3 },
  ...changes,
});

async function run(name: string, input: RecipeInput, stopAfter = Infinity, isResumed = false): Promise<{ losses: Map<number, number>; events: RunEvent[]; checkpoint: string | null }> {
  const events: RunEvent[] = [];
  const losses = new Map<number, number>();
  const { checkpoint } = await runJob({
    recipe: recipeSchema.parse(input), runDir: join(folder, name), runId: name, isResumed,
    emit: (event) => {
      events.push(event);
      if (event.event === 'step') losses.set(event.step, event.loss);
    },
    stopRequest: (): StopRequest | null => (losses.size >= stopAfter ? 'discard' : null),
  });
  return { losses, events, checkpoint };
}

it('an encoder-decoder is trained on its own text, evaluated by beam search and resumed to the bit', async () => {
  const whole = await run('whole', recipe());
  expect(whole.events.filter(({ event }) => event === 'rollouts').length).toBeGreaterThan(0);
  const evaluations = whole.events.filter((event) => event.event === 'evaluation');
  expect(evaluations.map(({ step }) => step)).toEqual([0, 5, 10]);
  expect(Object.keys(evaluations[0]!.metrics)).toContain('bleu');
  expect(evaluations[0]!.divergence).toBeGreaterThan(evaluations[2]!.divergence!);

  const cut = await run('cut', recipe(), 6);
  const rest = await run('cut', recipe(), Infinity, true);
  expect(cut.checkpoint).toMatch(/step-4$/);
  for (let step = 5; step <= 10; step++) expect(rest.losses.get(step)).toBe(whole.losses.get(step));
  const weights = async (checkpoint: string | null): Promise<Buffer> => readFile(join(checkpoint!, 'model', 'model.safetensors'));
  expect((await weights(rest.checkpoint)).equals(await weights(whole.checkpoint))).toBe(true);
});

it('every preset trains it', async () => {
  for (const preset of ['sft', 'seqkd', 'supervised-kd', 'imitkd', 'on-policy-kd'] as const) {
    const { checkpoint } = await run(preset, recipe({ method: { preset }, train: { steps: 2, batchSize: 3, learningRate: 1e-3 }, evaluate: { examples: 2 } }));
    expect((await describeModel(join(checkpoint!, 'model'))).encoderLayers).toBe(3);
  }
});

it('is evaluated and inspected as decoders are', async () => {
  const common = { device: 'cpu' as const, data: train, prompt: '{{en}}', chat: false, examples: null, maxNewTokens: 8, decode: decodeSchema.parse({}), seed: 0 };
  const scored = await evaluateModel({ ...common, model: student, reference: '{{de}}', metrics: ['bleu', 'chrf'], teacher: null, draftTokens: 4, choices: null, shots: null, calculator: false }, never, () => undefined);
  expect(Object.keys(scored.metrics).sort()).toEqual(['bleu', 'chrf']);
  const reports: InspectionReport[] = [];
  const host = memoryHost(COMMANDS, createHandlers());
  await host.request('inspect', { ...common, teacher, student, completion: null, judges: 'own', holdOut: null, messages: null, system: null, maxPromptTokens: null, divergence: 'reverse_kl', beta: 0.5 }, {
    onEvent: (event) => { if (event.event === 'report') reports.push(event.report); },
  });
  await host.close();
  expect(reports).toHaveLength(5);
  for (const { tokens, meanDivergence } of reports) {
    expect(tokens.every(({ divergence, studentTop }) => divergence >= 0 && studentTop.length === 5)).toBe(true);
    expect(meanDivergence).toBeGreaterThan(0);
    // It was written greedily, so each token is the student's first choice.
    expect(tokens.every(({ id, studentTop }) => studentTop[0]!.id === id)).toBe(true);
  }
});

it('a student is made of some of its layers, with the bias that only the first layer keeps', async () => {
  const to = join(folder, 'made');
  await makeStudent(await openModel(student), [1, 2], to);
  const { layers, encoderLayers } = await describeModel(to);
  expect([encoderLayers, layers]).toEqual([2, 2]);
  const { checkpoint } = await run('made-run', recipe({ student: { model: to }, teacher: { model: student }, train: { steps: 2, batchSize: 3, learningRate: 1e-3 } }));
  expect(checkpoint).not.toBeNull();
});
