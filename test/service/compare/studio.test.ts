import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison, ComparisonView } from '../../../src-main/contract/comparison.ts';
import { resource } from '../../../src-main/service/resources.ts';
import { sampleRecipe } from '../../../src-main/service/sample.ts';
import { memoryStudio } from '../../support/memory-studio.ts';
import type { StudioClient } from '../../support/studio-client.ts';

const [teacher, student] = [resource('sample', 'teacher'), resource('sample', 'student')];
const MODELS = [{ kind: 'model', path: teacher }, { kind: 'model', path: student }] as const;
const DEV = { kind: 'data', data: resource('sample', 'dev.jsonl'), view: { prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 56 } } as const;
/** Held against the teacher by exact match, in the data's order. */
const VIEW: ComparisonView = { measure: 'exact-match', baseline: 0, order: { by: 'example' }, descending: false, filter: {} };
const PAGE = { offset: 0, limit: 200 };
let studio: Awaited<ReturnType<typeof memoryStudio>>;
let client: StudioClient;

beforeAll(async () => {
  studio = await memoryStudio();
  ({ client } = studio);
});
afterAll(async () => {
  await studio.close();
});

async function ended(id: string): Promise<Comparison> {
  for (;;) {
    const found = (await client.call('comparisons.list', null)).find((comparison) => comparison.id === id)!;
    if (found.state !== 'going') return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a comparison on a data set', () => {
  let comparison: Comparison;
  const rows = (view: Partial<ComparisonView>, page = PAGE): ReturnType<typeof client.call<'comparisons.rows'>> =>
    client.call('comparisons.rows', { id: comparison.id, ...VIEW, ...view, ...page });

  it('runs as a job of its own id and keeps every answer with its numbers', async () => {
    const begun = await client.call('comparisons.start', { models: [...MODELS], teacher, source: DEV, examples: 80, maxNewTokens: 56, metrics: ['exact-match', 'rouge'], judge: { divergence: 'reverse_kl' } });
    expect(begun).toMatchObject({ state: 'going', run: null, title: 'teacher, student', settings: { metrics: ['exact-match', 'rouge1', 'rouge2', 'rougeL', 'rougeLsum'] } });
    comparison = await ended(begun.id);
    expect(comparison).toMatchObject({ state: 'done', rows: 80, error: null });
    expect(client.messages.some((message) => message.topic === 'jobs' && message.jobs.some(({ id, kind, done }) => id === begun.id && kind === 'compare' && done === 160))).toBe(true);
    const { total, rows: all } = await rows({});
    expect(total).toBe(80);
    expect(all.map(({ example }) => example)).toEqual(Array.from({ length: 80 }, (_, at) => at));
    expect(all.every(({ answers }) => answers.length === 2 && answers.every((answer) => answer!.scores['rougeL'] !== undefined))).toBe(true);
    // What the whole corpus scored is the mean over its rows, for metrics that are means.
    const { facts } = comparison.models[1]!;
    const summary = await client.call('comparisons.summary', { id: comparison.id, ...VIEW });
    for (const name of ['exact-match', 'rougeL']) expect(summary[1]!.means[name]).toBeCloseTo(facts!.scores[name]!.value, 9);
    expect(facts).toMatchObject({ answers: 80, parameters: 101760, bytes: 409088 });
  });

  it('counts wins and losses, and finds the rows that they are', async () => {
    const { rows: all } = await rows({});
    const [, against] = await client.call('comparisons.summary', { id: comparison.id, ...VIEW });
    const exact = (model: number, row: (typeof all)[number]): number => row.answers[model]!.scores['exact-match']!;
    for (const [is, sign] of [['win', 1], ['tie', 0], ['loss', -1]] as const) {
      const expected = all.filter((row) => Math.sign(exact(1, row) - exact(0, row)) === sign).map(({ example }) => example);
      const { rows: found, total } = await rows({ filter: { outcome: { model: 1, is } } });
      expect(found.map(({ example }) => example)).toEqual(expected);
      expect([total, against![is]]).toEqual([expected.length, expected.length]);
    }
    expect(against!.loss).toBeGreaterThan(0);
    // Less of a divergence is better: the student against itself is a tie, against nobody nothing.
    const [judged, own] = await client.call('comparisons.summary', { id: comparison.id, ...VIEW, measure: 'divergence', baseline: 1 });
    expect([judged!.win + judged!.tie + judged!.loss, own!.tie]).toEqual([0, 80]);
  });

  it('sorts by any measure of any model, by what one gains on the other, and filters by ranges, texts and differences', async () => {
    const { rows: all } = await rows({});
    const values = (found: typeof all, measure: string): number[] => found.map(({ answers }) => answers[1]!.scores[measure]!);
    for (const measure of ['divergence', 'reference-divergence', 'rougeL', 'length']) {
      const { rows: sorted } = await rows({ order: { by: 'value', measure, model: 1 }, descending: true });
      expect(values(sorted, measure)).toEqual([...values(all, measure)].sort((a, b) => b - a));
    }
    const { rows: gained } = await rows({ measure: 'rougeL', order: { by: 'gain', model: 1 } });
    const gains = gained.map(({ answers }) => answers[1]!.scores['rougeL']! - answers[0]!.scores['rougeL']!);
    expect(gains).toEqual([...gains].sort((a, b) => a - b));

    const bounds = { from: 0.1, to: 0.2 };
    const within = await rows({ filter: { range: { measure: 'divergence', model: 1, ...bounds } } });
    expect(within.rows.map(({ id }) => id)).toEqual(all.filter(({ answers }) => answers[1]!.scores['divergence']! >= 0.1 && answers[1]!.scores['divergence']! <= 0.2).map(({ id }) => id));
    const differing = await rows({ filter: { differs: 1 } });
    expect(differing.total).toBe(all.filter(({ answers }) => answers[0]!.text !== answers[1]!.text).length);
    const text = all[7]!.answers[1]!.text;
    expect((await rows({ filter: { search: text } })).rows.map(({ example }) => example)).toContain(7);
    expect((await rows({}, { offset: 70, limit: 20 })).rows.map(({ example }) => example)).toEqual(Array.from({ length: 10 }, (_, at) => 70 + at));
  });

  it('is stopped as a job, keeps what was answered, and goes when it is removed', async () => {
    const { id } = await client.call('comparisons.start', { models: [...MODELS], source: DEV, examples: 400, maxNewTokens: 56 });
    while (!(await client.call('runs.live', null)).jobs.some((job) => job.id === id && job.done > 0)) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.call('jobs.cancel', { id });
    const stopped = await ended(id);
    expect(stopped.state).toBe('stopped');
    expect(stopped.rows).toBeGreaterThan(0);
    const { rows: [first] } = await client.call('comparisons.rows', { id, ...VIEW, ...PAGE });
    expect(first!.answers[0]!.text).not.toBe('');
    expect(first!.answers[1] ?? null).toBeNull();
    await client.call('comparisons.remove', { id });
    expect((await client.call('comparisons.list', null)).map((found) => found.id)).toEqual([comparison.id]);
  });

  it('says why it failed, or why it cannot begin', async () => {
    const start = (path: string): Promise<Comparison> =>
      client.call('comparisons.start', { models: [MODELS[0], { kind: 'model', path }], source: DEV, examples: 2, maxNewTokens: 56 });
    await expect(start('/nowhere')).rejects.toThrow('/nowhere');
    // What opens and cannot be computed with is known when its turn comes.
    const wordless = join(studio.home, 'wordless');
    await cp(student, wordless, { recursive: true });
    await rm(join(wordless, 'tokenizer.json'));
    const { id } = await start(wordless);
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('tokenizer') } });
    await client.call('comparisons.remove', { id });
    await expect(client.call('comparisons.start', { models: [...MODELS], source: DEV, metrics: ['excellence'] })).rejects.toThrow('no metric "excellence"');
    await expect(client.call('comparisons.start', { models: [...MODELS], source: { kind: 'validation' } })).rejects.toThrow('no data of their own');
    await expect(client.call('comparisons.start', { models: [MODELS[0]], source: DEV })).rejects.toThrow('models');
  });
});

describe('a comparison on typed prompts', () => {
  it('answers one after the other, tells the texts while they grow, and keeps them', async () => {
    const { id, state } = await client.call('comparisons.start', { models: [...MODELS, MODELS[1]], teacher, source: { kind: 'prompts', chat: false }, maxNewTokens: 56 });
    expect(state).toBe('done');
    for (const [at, prompt] of ['10+4+2+6-9+2=', '3+3+3+3+3+3='].entries()) {
      expect(await client.call('comparisons.ask', { id, prompt })).toEqual({ example: at });
      await expect(client.call('comparisons.ask', { id, prompt: 'too early' })).rejects.toThrow('still answer');
      expect(await ended(id)).toMatchObject({ state: 'done', rows: at + 1 });
    }
    const { rows } = await client.call('comparisons.rows', { id, ...VIEW, measure: 'divergence', baseline: 1, ...PAGE });
    expect(rows.map(({ prompt, reference }) => [prompt, reference])).toEqual([['10+4+2+6-9+2=', null], ['3+3+3+3+3+3=', null]]);
    for (const { example, prompt, answers } of rows) {
      const alone = await Promise.all([teacher, student].map((model) => client.call('models.generate', { model, prompt, chat: false, maxNewTokens: 56, decode: {}, seed: 0 })));
      expect(answers.map((answer) => answer!.text)).toEqual([alone[0]!.text, alone[1]!.text, alone[1]!.text]);
      const told = client.messages.flatMap((message) => (message.topic === 'answer' && message.id === id && message.example === example ? [message] : []));
      expect(told.filter(({ model }) => model === 0).at(-1)!.text).toBe(alone[0]!.text);
      expect(told.every(({ model, text }) => alone[Math.min(model, 1)]!.text.startsWith(text))).toBe(true);
    }
    await client.call('comparisons.remove', { id });
  });
});

describe('a comparison of a run', () => {
  it('has its teacher and its student before and after, as the run has evaluated them', async () => {
    const recipe = await sampleRecipe('gkd', { seed: 0 });
    const { runId } = await client.call('runs.start', {
      recipe: {
        ...recipe, train: { ...recipe.train, steps: 4, batchSize: 8, warmupSteps: 1 }, data: { ...recipe.data, fraction: 0.02 },
        evaluate: { ...recipe.evaluate, metrics: ['exact-match', 'token-f1'], examples: 12 }, checkpoint: { every: 2, keep: 5 },
      },
    });
    await client.ended(runId);
    const { id } = await client.call('comparisons.start', { runId, source: { kind: 'validation' }, examples: 12 });
    const { run, models, settings } = await ended(id);
    expect([run, models.map(({ label, role }) => [label, role])]).toEqual([runId, [['teacher', 'teacher'], ['before', 'before'], ['step 4', 'after']]]);
    expect(settings.metrics).toEqual(['exact-match', 'token-f1']);
    const evaluations = await client.call('runs.evaluations', { runId });
    for (const [at, step] of [[1, 0], [2, 4]] as const) {
      const { metrics, divergence } = evaluations.find((evaluation) => evaluation.step === step)!;
      const { scores } = models[at]!.facts!;
      expect(scores['reference-divergence']!.value).toBeCloseTo(divergence!, 5);
      for (const [name, score] of Object.entries(metrics)) expect(scores[name]).toEqual(score);
    }
    const one = await client.call('comparisons.start', { models: [{ kind: 'student', runId, step: 2 }, { kind: 'model', path: student }], source: { kind: 'prompts', chat: true } });
    expect(one).toMatchObject({ run: runId, teacher: recipe.teacher!.model, models: [{ label: 'step 2', role: 'after' }, { label: 'student', role: 'model' }] });
    await client.call('runs.delete', { runIds: [runId], withFiles: true });
    expect((await client.call('comparisons.list', null)).filter((found) => found.run === runId)).toEqual([]);
  });
});
