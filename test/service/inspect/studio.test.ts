import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exercise } from '../../../resources/sample/task.ts';
import { COMPARED_DIVERGENCES, type Inspection, type MeasuredSample } from '../../../src-main/contract/inspection.ts';
import { COMMANDS, type Commands } from '../../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../../src-main/contract/worker-host.ts';
import type { InspectionReport } from '../../../src-main/contract/token-report.ts';
import { resource } from '../../../src-main/service/resources.ts';
import { sampleRecipe } from '../../../src-main/service/sample.ts';
import { createHandlers } from '../../../src-main/worker/handlers.ts';
import { memoryHost } from '../../../src-main/worker/memory-host.ts';
import { memoryStudio } from '../../support/memory-studio.ts';
import type { StudioClient } from '../../support/studio-client.ts';

const [teacher, student] = [resource('sample', 'teacher'), resource('sample', 'student')];
let studio: Awaited<ReturnType<typeof memoryStudio>>;
let client: StudioClient;
let worker: WorkerHost<Commands>;
const PAIR = { kind: 'pair', teacher, student } as const;
const DEV = { kind: 'data', data: resource('sample', 'dev.jsonl'), view: { prompt: '{{question}}', completion: '{{solution}}', chat: false, maxPromptTokens: 20, maxCompletionTokens: 56 } } as const;
const LIST = { order: 'fork', descending: true, divergence: 'jsd', filter: {}, offset: 0 } as const;

beforeAll(async () => {
  studio = await memoryStudio();
  ({ client } = studio);
  worker = memoryHost(COMMANDS, createHandlers());
});
afterAll(async () => {
  await worker.close();
  await studio.close();
});

async function ended(id: string): Promise<Inspection> {
  for (;;) {
    const found = (await client.call('inspections.list', null)).find((inspection) => inspection.id === id)!;
    if (found.state !== 'going') return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('an inspection of a pair of models', () => {
  let inspection: Inspection;

  it('runs as a job of its own id and keeps samples, tokens and forks', async () => {
    const begun = await client.call('inspections.start', { subject: PAIR, source: DEV, examples: 60, maxNewTokens: 56 });
    expect(begun).toMatchObject({ state: 'going', run: null });
    inspection = await ended(begun.id);
    expect(inspection).toMatchObject({ state: 'done', samples: 60, dropped: 0, error: null });
    expect(client.messages.some((message) => message.topic === 'jobs' && message.jobs.some(({ id, kind, done }) => id === begun.id && kind === 'inspect' && done === 60))).toBe(true);
    const { total, samples } = await client.call('inspections.samples', { id: inspection.id, ...LIST, limit: 1000 });
    expect(total).toBe(60);
    const gaps = samples.map(({ worstFork }) => worstFork?.gap ?? -1);
    expect(gaps).toEqual([...gaps].sort((a, b) => b - a));
    // The sample's student was left with faults in its arithmetic.
    const { kinds } = await client.call('inspections.distributions', { id: inspection.id, filter: {} });
    expect(kinds[0]!.kind).toBe('number');
  });

  it('has at every token what `inspect` reports, for each divergence', async () => {
    const { samples: [worst] } = await client.call('inspections.samples', { id: inspection.id, ...LIST, limit: 1 });
    const sample = await client.call('inspections.sample', { sampleId: worst!.id });
    expect(sample.tokens.map(({ text }) => text).join('')).toContain(sample.completion);
    for (const divergence of COMPARED_DIVERGENCES) {
      const reports: InspectionReport[] = [];
      await worker.request('inspect', {
        teacher, student, device: 'cpu', data: DEV.data, holdOut: null, prompt: '{{question}}', completion: null, messages: null, chat: false, system: null,
        maxPromptTokens: 20, judges: 'own', divergence, beta: 0.5, examples: 60, maxNewTokens: 56, decode: { strategy: 'greedy', temperature: 1 }, seed: 0,
      }, { onEvent: (event) => { if (event.event === 'report') reports.push(event.report); } });
      const report = reports.find(({ prompt }) => prompt === sample.prompt)!;
      report.tokens.forEach((token, at) => expect(Math.abs(sample.tokens[at]![divergence] - token.divergence)).toBeLessThan(1e-5));
      expect(report.forks.map(({ position, kind }) => [position, kind])).toEqual(sample.forks.map(({ position, kind }) => [position, kind]));
    }
    const tops = await client.call('inspections.look', { sampleId: sample.id });
    const fork = sample.forks.find(({ gap }) => gap === worst!.worstFork!.gap)!;
    expect(tops[fork.position]!.teacherTop[0]!.text).toBe(fork.wanted);
    expect(tops.map(({ id }) => id)).toEqual(sample.tokens.map(({ id }) => id));
  });

  it('lets both models go on from a fork', async () => {
    const { samples: [worst] } = await client.call('inspections.samples', { id: inspection.id, ...LIST, filter: { kind: 'number' }, limit: 1 });
    const sample = await client.call('inspections.sample', { sampleId: worst!.id });
    const { position, wanted } = sample.forks.find(({ kind }) => kind === 'number')!;
    const begun = sample.tokens.slice(0, position).map(({ text }) => text).join('');
    const on = await client.call('inspections.goOn', { sampleId: sample.id, position, token: null });
    expect(on.token).toBe(wanted);
    expect(on.teacher.startsWith(wanted)).toBe(true);
    expect(on.student.startsWith(wanted)).toBe(true);
    // The teacher ends an exercise that it goes on with.
    expect(`${begun}${on.teacher}`).toMatch(/#\d+$/);
    const other = await client.call('inspections.goOn', { sampleId: sample.id, position, token: sample.tokens[position]!.id });
    expect(`${begun}${other.student}`).toBe(sample.completion);
  });

  it('is stopped as a job, and goes with what it has found', async () => {
    const begun = await client.call('inspections.start', { subject: PAIR, source: DEV, examples: 300, maxNewTokens: 56 });
    while (!(await client.call('runs.live', null)).jobs.some(({ id, done }) => id === begun.id && done > 0)) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.call('jobs.cancel', { id: begun.id });
    const stopped = await ended(begun.id);
    expect(stopped.state).toBe('stopped');
    expect(stopped.samples).toBeLessThan(300);
    await client.call('inspections.remove', { id: begun.id });
    expect(await client.call('inspections.list', null)).toHaveLength(1);
  });

  it('says why it failed', async () => {
    const begun = await client.call('inspections.start', { subject: { kind: 'pair', teacher, student: '/nowhere' }, source: DEV, examples: 3 });
    expect(await ended(begun.id)).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('/nowhere') } });
    await client.call('inspections.remove', { id: begun.id });
  });
});

it('finds an error planted in a given text where it stands', async () => {
  const right = Array.from({ length: 40 }, (_, at) => exercise(55, at));
  const plant = right.flatMap(({ question, solution }, at) => {
    // One digit of the first result is another one.
    const place = solution.indexOf('=') + 1;
    const text = `${solution.slice(0, place)}${(Number(solution[place]) + 3) % 10}${solution.slice(place + 1)}`;
    return [{ at, question, text, place }];
  });
  // A character is a token of this tokenizer; ids come from the models' own report of the right text.
  const { model: { vocab: vocabulary } } = JSON.parse(readFileSync(join(teacher, 'tokenizer.json'), 'utf8')) as { model: { vocab: Record<string, number> } };
  const encode = (text: string): number[] => [...text].map((letter) => vocabulary[letter]!);
  const measured: MeasuredSample[] = [];
  await worker.request('survey', {
    teacher, student, device: 'cpu', examples: 40, beta: 0.5, maxNewTokens: 56, decode: { strategy: 'greedy', temperature: 1 }, seed: 0,
    texts: { kind: 'given', texts: plant.map(({ at, question, text }) => ({
      example: at, step: null, prompt: question, turns: null, reference: null, ended: true,
      promptTokens: Int32Array.of(0, ...encode(question)), completion: Int32Array.of(...encode(text), 1),
    })) },
  }, { onEvent: (event) => { if (event.event === 'samples') measured.push(...event.samples); } });
  const found = measured.filter(({ forks, example }) => forks[0]?.position === plant[example]!.place && forks[0].kind === 'number');
  expect(found.length / 40).toBeGreaterThanOrEqual(0.9);
  expect(measured[0]!.texts.join('')).toContain(plant[0]!.text);
});

describe('an inspection of a run', () => {
  it('of its held-out examples and of its rollouts, and the same prompt over its training', async () => {
    const recipe = await sampleRecipe('gkd', { seed: 0 });
    const { runId } = await client.call('runs.start', {
      recipe: {
        ...recipe, train: { ...recipe.train, steps: 6, batchSize: 8, warmupSteps: 1 },
        data: { ...recipe.data, fraction: 0.02 },
        evaluate: { ...recipe.evaluate, metrics: [], examples: 4 }, checkpoint: { every: 3, keep: 5 },
      },
    });
    await client.ended(runId);
    expect((await client.call('inspections.moments', { runId })).map(({ step }) => step)).toEqual([0, 3, 6]);
    const held = await ended((await client.call('inspections.start', { subject: { kind: 'run', runId }, source: { kind: 'validation' }, examples: 5 })).id);
    expect(held).toMatchObject({ state: 'done', run: runId, step: 6, samples: 5, settings: { maxNewTokens: 56 } });
    await expect(client.call('inspections.start', { subject: { kind: 'run', runId, step: 5 }, source: { kind: 'validation' }, examples: 5 })).rejects.toThrow('no checkpoint of step 5');

    const rolled = await ended((await client.call('inspections.start', { subject: { kind: 'run', runId }, source: { kind: 'rollouts', fromStep: 2 }, examples: 12 })).id);
    expect(rolled).toMatchObject({ state: 'done', samples: 12 });
    const { samples } = await client.call('inspections.samples', { id: rolled.id, ...LIST, order: 'example', limit: 100 });
    const stored = (await client.call('runs.rollouts', { runId, order: 'step', descending: false, offset: 0, limit: 1000 })).rollouts;
    expect(new Set(samples.map(({ step }) => step))).toEqual(new Set([2, 3, 4, 5, 6]));
    for (const { step, example, completion } of samples) expect(stored).toContainEqual(expect.objectContaining({ step, example, completion }));

    const moments = await client.call('inspections.overTime', { sampleId: samples[0]!.id });
    expect(moments.filter(({ isRecorded }) => !isRecorded).map(({ step }) => step)).toEqual([0, 3, 6]);
    const recorded = moments.filter(({ isRecorded }) => isRecorded);
    expect(recorded.map(({ step, sample }) => [step, sample.completion])).toEqual(
      stored.filter(({ example }) => example === samples[0]!.example).map(({ step, completion }) => [step, completion]));

    await client.call('runs.delete', { runIds: [runId], withFiles: true });
    expect((await client.call('inspections.list', null)).filter(({ run }) => run === runId)).toEqual([]);
  });
});

describe('corrections', () => {
  const pair = { dataset: 'My corrections', prompt: '1+1=', turns: null, completion: '1+1=2;#2', written: '1+1=3;#3', teacher, student };

  it('are kept in a data set of their own, exported, and usable as data', async () => {
    await client.call('corrections.keep', pair);
    const second = await client.call('corrections.keep', { ...pair, prompt: '2+2=' });
    expect(await client.call('corrections.sets', null)).toMatchObject([{ name: 'My corrections', count: 2, isChat: false }]);
    await expect(client.call('corrections.keep', pair)).rejects.toThrow('already');
    const path = join(studio.home, 'mine.jsonl');
    await client.call('corrections.export', { dataset: 'My corrections', path });
    expect((await client.call('data.preview', { path, offset: 0, limit: 5 })).rows).toMatchObject([{ prompt: '1+1=', completion: '1+1=2;#2' }, { prompt: '2+2=' }]);
    await client.call('corrections.remove', { id: second.id });
    expect(await client.call('corrections.list', { dataset: 'My corrections', offset: 0, limit: 10 })).toHaveLength(1);
    await expect(client.call('corrections.export', { dataset: 'My corrections', path })).rejects.toThrow('exists already');
  });

  it('of chats are kept as chats, and apart from plain prompts', async () => {
    const turns = [{ role: 'user', content: 'What is 1+1?' }];
    await expect(client.call('corrections.keep', { ...pair, turns })).rejects.toThrow('plain prompts');
    await client.call('corrections.keep', { ...pair, dataset: 'chats', turns });
    const path = join(studio.home, 'chats.jsonl');
    await client.call('corrections.export', { dataset: 'chats', path });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ messages: [...turns, { role: 'assistant', content: pair.completion }] });
  });
});
