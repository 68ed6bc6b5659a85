import { copyFileSync, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { SeenData } from '../../src-main/contract/data-view.ts';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { openStudio, type Studio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient, until } from '../support/studio-client.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let client: StudioClient;

/** Runs begin once this lets them. */
let begin = Promise.resolve();
const open = (): Promise<Studio> => openStudio({ home, createWorker: () => {
  const handlers = createHandlers();
  return memoryHost(COMMANDS, { ...handlers, run: (...asked) => begin.then(() => handlers.run(...asked)) });
} });

beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  client = new StudioClient(await open());
});
afterAll(async () => {
  await client.studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

const recipe = (changes: object = {}): CallInput<'runs.start'>['recipe'] => project.recipe(changes);

describe('a run', () => {
  it('is queued, stepped through, recorded and told', async () => {
    let letBegin = (): void => undefined;
    begin = new Promise((resolve) => { letBegin = resolve; });
    const { runId } = await client.call('runs.start', { recipe: recipe() });
    expect(await client.call('runs.get', { runId })).toMatchObject({ name: 'tiny' });
    const second = await client.call('runs.start', { recipe: recipe({ name: 'second' }) });
    expect((await client.call('runs.get', { runId: second.runId })).status).toBe('waiting');
    letBegin();
    await client.ended(second.runId);
    const steps = client.messages.flatMap((message) => (message.topic === 'steps' && message.runId === runId ? message.steps : []));
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    expect(await client.call('runs.list', null)).toMatchObject([{ name: 'second', status: 'done' }, { name: 'tiny', status: 'done', lastStep: 12 }]);
    const series = await client.call('runs.series', { runId, fields: ['loss'], buckets: 100 });
    expect(series.fields.loss?.mean).toEqual(steps.map(({ loss }) => loss));
    const [sample] = await client.call('runs.samples', { runId, step: 0 });
    expect(typeof sample?.teacher).toBe('string');
    expect(client.studio.live()).toEqual([]);
  });

  it('is stopped with its work saved, and goes on to the end', async () => {
    const { runId } = await client.call('runs.start', { recipe: recipe({ train: { steps: 400, batchSize: 6, microBatchSize: 4 } }) });
    await until(() => (client.studio.live()[0]?.step ?? 0) >= 3 || undefined);
    await client.call('runs.stop', { runId, how: 'save' });
    await client.ended(runId);
    const stopped = await client.call('runs.get', { runId });
    expect(stopped).toMatchObject({ status: 'stopped', checkpoint: { step: stopped.lastStep } });
    client.messages.length = 0;
    await client.call('runs.resume', { runId });
    await until(() => client.studio.live()[0]?.from ?? undefined);
    expect(client.studio.live()[0]!.from!.step).toBe(stopped.lastStep);
    await client.call('runs.stop', { runId, how: 'abandon' });
    await client.ended(runId);
    expect((await client.call('runs.get', { runId })).status).toBe('stopped');
    expect(await client.call('keeping.use', { path: stopped.recipe.student.model })).toMatchObject({ runs: [{ id: runId, isGoing: false }, {}, {}] });
    await client.call('runs.delete', { runIds: [runId], withFiles: true });
    expect(existsSync(stopped.runDir)).toBe(false);
    await client.call('keeping.restore', { ids: [runId] });
    expect(await client.call('runs.get', { runId })).toMatchObject({ id: runId, status: 'stopped' });
    expect(existsSync(stopped.checkpoint!.path)).toBe(true);
    await client.call('runs.delete', { runIds: [runId], withFiles: true });
    expect((await client.call('runs.list', null)).map(({ id }) => id)).not.toContain(runId);
  });

  it('whose files another one learns from is not removed while that one goes', async () => {
    const { runId } = await client.call('runs.start', { recipe: recipe({ name: 'source' }) });
    await client.ended(runId);
    const { runDir } = await client.call('runs.get', { runId });
    const rows = join(runDir, 'rows.jsonl');
    copyFileSync(recipe().data.train, rows);
    const data = { ...recipe().data, train: rows };
    const { id: draft } = await client.call('drafts.save', { id: null, title: 'reads', page: 'data', touched: true, recipe: { data } });
    const reader = await client.call('runs.start', { recipe: recipe({ name: 'reader', data, train: { steps: 400, batchSize: 6, microBatchSize: 4 } }) });
    expect(await client.call('keeping.use', { path: runDir })).toMatchObject({ runs: [{ id: reader.runId, isGoing: true }], drafts: [{ id: draft }] });
    await expect(client.call('runs.delete', { runIds: [runId], withFiles: true })).rejects.toThrow('The run "reader" uses these files and is going.');
    expect(existsSync(rows)).toBe(true);
    await client.call('runs.stop', { runId: reader.runId, how: 'abandon' });
    await client.ended(reader.runId);
    await client.call('drafts.remove', { id: draft });
    await client.call('runs.delete', { runIds: [reader.runId, runId], withFiles: true });
    await client.call('keeping.empty', { ids: [reader.runId, runId] });
  });

  it('with a wrong column is refused before it is queued', async () => {
    const data = { ...recipe().data, prompt: '{{qestion}}' };
    await expect(client.call('runs.start', { recipe: recipe({ data }) })).rejects.toThrow('qestion');
    expect(await client.call('recipe.check', { recipe: recipe({ data }) })).toMatchObject([
      { level: 'problem', message: expect.stringMatching(/^train.jsonl.*qestion/) }, { level: 'problem', message: expect.stringMatching(/^validation.jsonl.*qestion/) },
    ]);
    const wrong = { ...recipe({ data }), teacher: { model: '/no/teacher' }, evaluate: { metrics: ['rogue'] }, train: { batchSize: 6 } };
    expect((await client.call('recipe.check', { recipe: wrong })).map(({ message }) => message)).toEqual([
      '/no/teacher', 'rogue', 'train.jsonl row 1', 'validation.jsonl row 1', 'train.steps',
    ].map((part): unknown => expect.stringContaining(part)));
  });
});

describe('models and data', () => {
  it('are described, paired, made and removed', async () => {
    expect(await client.call('models.pair', { teacher: project.teacher, student: project.student })).toMatchObject({ differences: [], warnings: [] });
    await client.call('models.add', { path: project.teacher });
    const made = await client.call('models.makeStudent', { teacher: project.teacher, name: 'Half', layers: [0] });
    expect(made).toMatchObject({ isOwn: true, description: { layers: 1 } });
    const [first, second, ...trained] = await client.call('models.list', null);
    expect([first?.name, second?.name]).toEqual(['Half', 'teacher']);
    expect(first?.origin).toEqual({ madeFrom: project.teacher, layers: [0], of: 2 });
    // What runs have trained is a model like any other.
    expect(trained.map(({ name }) => name)).toContain('tiny · step 12');
    const last = trained.find(({ name }) => name === 'tiny · step 12')!;
    expect(last).toMatchObject({ isOwn: false, problem: null, description: { path: last.path, layers: 2 } });
    await expect(client.call('models.remove', { path: project.teacher, withFiles: true })).rejects.toThrow('your own');
    const { trash } = await client.call('models.remove', { path: made.path, withFiles: true });
    expect(existsSync(made.path)).toBe(false);
    expect(await client.call('keeping.trash', null)).toMatchObject([{ kind: 'model', title: 'Half', bytes: expect.any(Number) }, { kind: 'run' }]);
    await client.call('keeping.restore', { ids: [trash] });
    expect((await client.call('models.list', null))[0]).toMatchObject({ name: 'Half', description: { layers: 1 } });
    await client.call('models.remove', { path: made.path, withFiles: true });
    await client.call('keeping.empty', { ids: null });
    expect(await client.call('keeping.trash', null)).toEqual([]);
    await expect(client.call('keeping.restore', { ids: [trash] })).rejects.toThrow('not in the trash');
  });

  it('are seen as the model sees them', async () => {
    const { examples, lengths, template } = await client.call('data.seen', {
      path: project.train, model: project.student, offset: 3, limit: 2,
      view: { prompt: '{{question}}', completion: '{{solution}}', chat: false, maxPromptTokens: 24, maxCompletionTokens: 64 },
    });
    expect(lengths.examples).toBe(40);
    expect(template).toBeNull();
    expect(examples).toHaveLength(2);
    const [{ tokens, promptText, completionText }] = examples as [typeof examples[0]];
    expect(tokens.filter(({ isLearned }) => !isLearned).map(({ text }) => text).join('')).toContain(promptText);
    expect(tokens.filter(({ isLearned }) => isLearned).map(({ text }) => text).join('')).toContain(completionText!);
  });
});

describe('a question that a newer one replaces', () => {
  it('is left, however much of a large file is unread', async () => {
    const large = join(project.folder, 'large.jsonl');
    await writeFile(large, '{"question": "1+2+3=", "solution": "1+2=3;3+3=6;#6"}\n'.repeat(300_000));
    const ask = (turn: number, path: string): Promise<SeenData> => client.call('data.seen', {
      path, model: project.student, offset: 0, limit: 1, asker: { id: 'window', turn },
      view: { prompt: '{{question}}', completion: '{{solution}}', chat: false, maxPromptTokens: 24, maxCompletionTokens: 64 },
    });
    const first = expect(ask(2, large)).rejects.toThrow('A newer question');
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect((await ask(3, project.train)).lengths.examples).toBe(40);
    await first;
    // It was asked before, and comes after all.
    await expect(ask(1, project.train)).rejects.toThrow('A newer question');
  });
});

describe('settings and drafts', () => {
  it('outlive the program; a change of one leaves the others', async () => {
    await client.call('settings.set', { theme: 'dark' });
    await client.call('settings.set', { threads: 1 });
    const { id } = await client.call('drafts.save', { id: null, title: 'idea', page: 'data', recipe: { name: 'x' }, touched: true });
    // Of those that nobody has touched the newest alone is kept.
    await client.call('drafts.save', { id: null, title: 'dropped', page: 'data', recipe: {} });
    const dropped = await client.call('drafts.save', { id: null, title: 'dropped later', page: 'data', recipe: {} });
    await client.studio.close();
    client = new StudioClient(await open());
    expect(await client.call('settings.get', null)).toMatchObject({ theme: 'dark', threads: 1, numberLocale: 'system' });
    const drafts = await client.call('drafts.list', null);
    expect(drafts.map(({ title }) => title).sort()).toEqual(['dropped later', 'idea']);
    expect(drafts).toContainEqual(expect.objectContaining({ id, title: 'idea', recipe: { name: 'x' }, touched: true }));
    expect(drafts).toContainEqual(expect.objectContaining({ id: dropped.id, touched: false }));
  });
});

describe('a second program on the same folder', () => {
  it('shows and changes nothing', async () => {
    const other = new StudioClient(await open());
    try {
      expect(other.studio.readOnly).toContain('in use');
      expect((await other.call('runs.list', null)).length).toBe(2);
      await expect(other.call('settings.set', { theme: 'light' })).rejects.toThrow('only shows');
    } finally {
      await other.studio.close();
    }
  });
});

describe('calls', () => {
  it('are refused where they are unknown or their parameters wrong', async () => {
    expect(await client.studio.call('constructor', null)).toMatchObject({ ok: false });
    expect(await client.studio.call('runs.get', { runId: 3 })).toMatchObject({ ok: false, error: { kind: 'input' } });
    expect(await client.studio.call('runs.get', { runId: 'x', extra: 1 })).toMatchObject({ ok: false });
  });
});
