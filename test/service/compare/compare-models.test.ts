import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerJudgeSchema, type Answer, type AnsweringFacts, type RowText } from '../../../src-main/contract/comparison.ts';
import type { Prediction } from '../../../src-main/contract/events.ts';
import { dataViewSchema, decodeSchema, type DecodeInput } from '../../../src-main/contract/recipe.ts';
import type { InspectionReport } from '../../../src-main/contract/token-report.ts';
import { COMMANDS, type Commands } from '../../../src-main/contract/worker.ts';
import type { ParamsInput, WorkerHost } from '../../../src-main/contract/worker-host.ts';
import { resource } from '../../../src-main/service/resources.ts';
import { createHandlers } from '../../../src-main/worker/handlers.ts';
import { memoryHost } from '../../../src-main/worker/memory-host.ts';

const [teacher, student] = [resource('sample', 'teacher'), resource('sample', 'student')];
const DATA = resource('sample', 'dev.jsonl');
const COUNT = 40;
let worker: WorkerHost<Commands>;
let folder: string;
/** The sample's student with a chat template, and one of another vocabulary. */
let chatty: string;
let foreign: string;

beforeAll(async () => {
  worker = memoryHost(COMMANDS, createHandlers());
  folder = await mkdtemp(join(tmpdir(), 'retort-compare-'));
  chatty = join(folder, 'chatty');
  foreign = join(folder, 'foreign');
  for (const path of [chatty, foreign]) await cp(student, path, { recursive: true });
  await writeFile(join(chatty, 'chat_template.jinja'), '{% for message in messages %}{{ bos_token }}{{ message.content }}={% endfor %}');
  const tokenizer = await readFile(join(foreign, 'tokenizer.json'), 'utf8');
  const { '3': three, '4': four } = (JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } }).model.vocab;
  const swapped = JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } };
  Object.assign(swapped.model.vocab, { '3': four, '4': three });
  await writeFile(join(foreign, 'tokenizer.json'), JSON.stringify(swapped));
});
afterAll(async () => {
  await worker.close();
  await rm(folder, { recursive: true });
});

type Told = { rows: RowText[]; answers: Map<number, Answer>[]; facts: AnsweringFacts[]; streamed: string[]; pieces: number };

async function compare(changes: Partial<ParamsInput<Commands, 'compare'>>, signal?: AbortSignal): Promise<Told> {
  const told: Told = { rows: [], answers: [], facts: [], streamed: [], pieces: 0 };
  await worker.request('compare', {
    models: [teacher, student], teacher, device: 'cpu', metrics: ['exact-match', 'rouge'], judge: answerJudgeSchema.parse({}), examples: COUNT, maxNewTokens: 56,
    decode: {}, seed: 3,
    texts: { kind: 'data', data: DATA, holdOut: null, view: dataViewSchema.parse({ prompt: '{{question}}', completion: '{{solution}}' }) }, ...changes,
  }, {
    ...(signal && { signal }),
    onEvent: (event) => {
      if (event.event === 'rows') told.rows.push(...event.rows);
      else if (event.event === 'facts') told.facts[event.model] = event.facts;
      else if (event.event === 'text') {
        told.streamed[event.model] = `${told.streamed[event.model] ?? ''}${event.text}`;
        told.pieces++;
      }
      else if (event.event === 'answers') {
        const known = told.answers[event.model] ??= new Map();
        for (const { example, ...answer } of event.answers) known.set(example, answer);
      }
    },
  });
  return told;
}

/** What `retort eval` says of a model alone. */
async function alone(model: string, decode: DecodeInput): Promise<{ texts: string[]; metrics: Record<string, { value: number; low: number | null; high: number | null }> }> {
  const predictions: Prediction[] = [];
  const { metrics } = await worker.request('evaluate', {
    model, teacher: null, device: 'cpu', data: DATA, prompt: '{{question}}', reference: '{{solution}}', chat: false, metrics: ['exact-match', 'rouge'], examples: COUNT,
    maxNewTokens: 56, decode, seed: 3,
  }, { onEvent: (event) => { if (event.event === 'prediction') predictions.push(event); } });
  return { texts: predictions.map(({ prediction }) => prediction), metrics };
}

/** What `retort inspect` says of the student's own texts, or of the references. */
async function inspected(judges: 'own' | 'given'): Promise<InspectionReport[]> {
  const reports: InspectionReport[] = [];
  await worker.request('inspect', {
    teacher, student, device: 'cpu', data: DATA, holdOut: null, prompt: '{{question}}', completion: judges === 'own' ? null : '{{solution}}', messages: null, chat: false,
    system: null, maxPromptTokens: null, judges, divergence: 'jsd', beta: 0.1, examples: COUNT, maxNewTokens: 56, decode: {}, seed: 0,
  }, { onEvent: (event) => { if (event.event === 'report') reports.push(event.report); } });
  return reports;
}

describe('on a data set', () => {
  it.each<DecodeInput>([{}, { strategy: 'sample', temperature: 0.8 }])('each model writes and scores what it does alone, by %j', async (decode) => {
    const { rows, answers, facts } = await compare({ decode });
    expect(rows).toHaveLength(COUNT);
    for (const [at, model] of [teacher, student].entries()) {
      const { texts, metrics } = await alone(model, decode);
      expect(rows.map(({ example }) => answers[at]!.get(example)!.text)).toEqual(texts);
      expect(facts[at]!.scores).toMatchObject(metrics);
      const exact = rows.map(({ example }) => answers[at]!.get(example)!.scores['exact-match']!);
      expect(exact).toEqual(rows.map(({ reference }, row) => (reference === texts[row] ? 1 : 0)));
    }
    expect(facts[0]).toMatchObject({ unjudged: null, answers: COUNT, parameters: 2217216, isChat: false });
    expect(facts[1]!.tokens).toBe([...answers[1]!.values()].reduce((sum, { tokens }) => sum + tokens, 0));
  });

  it('the divergence to the teacher is what `inspect` reports, on own texts and on references', async () => {
    const { answers, facts } = await compare({ judge: answerJudgeSchema.parse({ divergence: 'jsd', beta: 0.1 }) });
    const of = { 'divergence': await inspected('own'), 'reference-divergence': await inspected('given') };
    for (const [name, reports] of Object.entries(of)) {
      reports.forEach(({ meanDivergence }, row) => expect(answers[1]!.get(row)!.scores[name]).toBeCloseTo(meanDivergence, 6));
      const tokens = reports.flatMap((report) => report.tokens);
      expect(facts[1]!.scores[name]!.value).toBeCloseTo(tokens.reduce((sum, { divergence }) => sum + divergence, 0) / tokens.length, 6);
    }
    // Nobody is held against itself.
    expect(answers[0]!.get(0)!.scores).not.toHaveProperty('divergence');
  });

  it('says why a teacher does not judge a model of another tokenizer, and compares the texts', async () => {
    const { answers, facts } = await compare({ models: [student, foreign], examples: 4 });
    expect(facts[0]!.unjudged).toBeNull();
    expect(facts[1]!.unjudged).toContain('tokenizer');
    expect(answers[1]!.get(0)!.scores).not.toHaveProperty('divergence');
    expect(answers[1]!.get(0)!.text).not.toBe('');
  });

  it('is cancelled between tokens', async () => {
    const controller = new AbortController();
    const work = compare({ examples: 300 }, controller.signal);
    setTimeout(() => controller.abort(new Error('enough')), 200);
    await expect(work).rejects.toThrow('enough');
  });

  it('refuses a metric that there is not', async () => {
    await expect(compare({ metrics: ['excellence'] })).rejects.toThrow('There is no metric "excellence"');
  });
});

describe('on prompts typed by hand', () => {
  const prompt = '10+4+2+6-9+2=';

  it.each<DecodeInput>([{}, { strategy: 'sample', temperature: 0.9 }])('streams what `generate` writes, by %j', async (decode) => {
    const { rows, answers, streamed, pieces } = await compare({ texts: { kind: 'prompts', prompts: [{ example: 0, text: prompt }], chat: false, system: null }, decode });
    expect(rows).toEqual([{ example: 0, prompt, reference: null }]);
    for (const [at, model] of [teacher, student].entries()) {
      const { text, tokens } = await worker.request('generate', { model, device: 'cpu', prompt, chat: false, system: null, maxNewTokens: 56, decode: decodeSchema.parse(decode), seed: 3 });
      expect(answers[at]!.get(0)).toMatchObject({ text, tokens: tokens.length, ended: true, scores: { length: tokens.length } });
      expect(streamed[at]).toBe(text);
    }
    // A character is a token of this tokenizer, and the end has no text.
    expect(pieces).toBe(answers[0]!.get(0)!.tokens + answers[1]!.get(0)!.tokens - 2);
    expect(answers[1]!.get(0)!.scores['divergence']).toBeGreaterThan(0);
    expect(answers[1]!.get(0)!.scores['speed']).toBeGreaterThan(0);
  });

  it('are answered as far as the context goes, or refused where it has no room', async () => {
    const ask = (text: string): Promise<Told> => compare({ models: [student, student], texts: { kind: 'prompts', prompts: [{ example: 0, text }], chat: false, system: null }, maxNewTokens: 500 });
    expect((await ask(prompt)).answers[0]!.get(0)).toMatchObject({ ended: true });
    await expect(ask('1+'.repeat(60))).rejects.toThrow('more than the context of 96');
  });

  it('are wrapped in the chat template of the models that have one', async () => {
    const typed = '10+4+2+6-9+2';
    const { rows, answers, facts } = await compare({ models: [student, chatty], texts: { kind: 'prompts', prompts: [{ example: 5, text: typed }], chat: true, system: null } });
    expect(facts.map(({ isChat }) => isChat)).toEqual([false, true]);
    expect(rows).toEqual([{ example: 5, prompt: typed, reference: null }]);
    const { text } = await worker.request('generate', { model: student, device: 'cpu', prompt, chat: false, system: null, maxNewTokens: 56, decode: {}, seed: 0 });
    expect(answers[1]!.get(5)!.text).toBe(text);
  });
});
