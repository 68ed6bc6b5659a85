import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { answerJudgeSchema } from '../../src-main/contract/comparison.ts';
import type { Device } from '../../src-main/contract/divergence.ts';
import { dataViewSchema, decodeSchema, type DecodeInput } from '../../src-main/contract/recipe.ts';
import { COMMANDS, type Commands } from '../../src-main/contract/worker.ts';
import type { WorkerHost } from '../../src-main/contract/worker-host.ts';
import { testDevice } from '../../src-main/runtime/ort/native/test-device.ts';
import { resource } from '../../src-main/service/resources.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';

const [teacher, student, data] = [resource('sample', 'teacher'), resource('sample', 'student'), resource('sample', 'dev.jsonl')];
const [prompt, solution] = ['{{question}}', '{{solution}}'];
const GREEDY: DecodeInput = {};
const SAMPLE: DecodeInput = { strategy: 'sample', temperature: 0.9, topK: 9, topP: 0.95, repetitionPenalty: 1.1 };
const BEAM: DecodeInput = { strategy: 'beam', beams: 3 };

let worker: WorkerHost<Commands>;
beforeAll(() => { worker = memoryHost(COMMANDS, createHandlers()); });
afterAll(() => worker.close());
afterEach(() => { delete process.env['RETORT_TEST_DEVICE']; });

async function evaluate(device: Device): Promise<unknown> {
  const texts: string[] = [];
  for (const decode of [GREEDY, SAMPLE, BEAM]) {
    await worker.request('evaluate', {
      model: student, teacher: null, device, data, prompt, reference: solution, chat: false, metrics: ['exact-match'], examples: 12, maxNewTokens: 40, decode, seed: 3,
    }, { onEvent: (event) => { if (event.event === 'prediction') texts.push(event.prediction); } });
  }
  return texts;
}

async function drafts(device: Device): Promise<unknown> {
  const { metrics } = await worker.request('evaluate', {
    model: student, teacher, device, data, prompt, reference: solution, chat: false, metrics: ['acceptance'], examples: 3, maxNewTokens: 24, decode: SAMPLE, seed: 3,
  });
  return metrics['acceptance'];
}

async function generate(device: Device): Promise<unknown> {
  const texts: unknown[] = [];
  for (const decode of [GREEDY, SAMPLE, BEAM]) {
    let streamed = '';
    const { text, tokens, ended } = await worker.request('generate', {
      model: teacher, device, system: null, prompt: '3+4*2=', chat: false, maxNewTokens: 40, decode: decodeSchema.parse(decode), seed: 5, keeps: true,
    }, { onEvent: (event) => { if (event.event === 'text') streamed += event.text; } });
    expect(streamed).toBe(text);
    texts.push({ text, tokens, ended });
  }
  return texts;
}

async function inspect(device: Device): Promise<unknown> {
  const ids: number[][] = [];
  await worker.request('inspect', {
    teacher, student, device, data, holdOut: null, prompt, completion: solution, chat: false, system: null, maxPromptTokens: null, judges: 'own', divergence: 'forward_kl', beta: 0.5,
    examples: 6, maxNewTokens: 30, decode: SAMPLE, seed: 7,
  }, { onEvent: (event) => { if (event.event === 'report') ids.push(event.report.tokens.map(({ id }) => id)); } });
  return ids;
}

async function compare(device: Device): Promise<unknown> {
  const texts: string[] = [];
  await worker.request('compare', {
    models: [teacher, student], teacher, device, metrics: ['exact-match'], judge: answerJudgeSchema.parse({}), examples: 6, maxNewTokens: 40, decode: GREEDY, seed: 3,
    texts: { kind: 'data', data, holdOut: null, view: dataViewSchema.parse({ prompt, completion: solution }) },
  }, { onEvent: (event) => { if (event.event === 'answers') texts.push(...event.answers.map(({ text }) => text)); } });
  return texts;
}

/** Bytes on the device behind the last test. */
let held = 0;

it.each<[string, (device: Device) => Promise<unknown>]>([['evaluate', evaluate], ['drafts', drafts], ['generate', generate], ['inspect', inspect], ['compare', compare]])(
  '%s: a device writes what the host writes', async (_, write) => {
    const wanted = await write('cpu');
    expect(JSON.stringify(wanted).length).toBeGreaterThan(30);
    process.env['RETORT_TEST_DEVICE'] = 'sound';
    const memory = testDevice('webgpu', 1)!.memory!;
    const before = memory.crossed.toHost;
    expect(await write('webgpu')).toEqual(wanted);
    expect(memory.crossed.toHost).toBeGreaterThan(before);
    // A chat keeps its model; all else is given back.
    if (write === generate) expect(memory.bytes).toBeGreaterThan(held);
    else expect(memory.bytes).toBe(held);
    held = memory.bytes;
  });
