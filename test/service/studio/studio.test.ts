import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallInput, CallName, CallResult } from '../../../src-main/contract/api/api.ts';
import type { FeedMessage } from '../../../src-main/contract/api/feed.ts';
import { fromReport } from '../../../src-main/contract/problem.ts';
import { COMMANDS } from '../../../src-main/contract/worker.ts';
import { openStudio, type Studio } from '../../../src-main/service/studio/studio.ts';
import { createHandlers } from '../../../src-main/worker/handlers.ts';
import { memoryHost } from '../../../src-main/worker/memory-host.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';

let project: TinyProject;
let home: string;
let studio: Studio;
const messages: FeedMessage[] = [];

const open = (): Promise<Studio> => openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()) });

async function call<Name extends CallName>(name: Name, params: CallInput<Name>, on = studio): Promise<CallResult<Name>> {
  const answer = await on.call(name, params);
  if (!answer.ok) throw fromReport(answer.error);
  return answer.result as CallResult<Name>;
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const ended = (runId: string) => until(() => messages.some((message) => message.topic === 'ended' && message.runId === runId));

beforeAll(async () => {
  project = await tinyProject();
  home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  studio = await open();
  studio.subscribe((message) => messages.push(message));
});
afterAll(async () => {
  await studio.close();
  await project.remove();
  await rm(home, { recursive: true });
});

const recipe = (changes: object = {}): CallInput<'runs.start'>['recipe'] => project.recipe(changes);

describe('a run', () => {
  it('is queued, stepped through, recorded and told', async () => {
    const { runId } = await call('runs.start', { recipe: recipe() });
    expect(await call('runs.get', { runId })).toMatchObject({ name: 'tiny' });
    const second = await call('runs.start', { recipe: recipe({ name: 'second' }) });
    expect((await call('runs.get', { runId: second.runId })).status).toBe('waiting');
    await ended(second.runId);
    const steps = messages.flatMap((message) => (message.topic === 'steps' && message.runId === runId ? message.steps : []));
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    expect(await call('runs.list', null)).toMatchObject([{ name: 'second', status: 'done' }, { name: 'tiny', status: 'done', lastStep: 12 }]);
    const series = await call('runs.series', { runId, fields: ['loss'], buckets: 100 });
    expect(series.fields.loss?.mean).toEqual(steps.map(({ loss }) => loss));
    const [sample] = await call('runs.samples', { runId, step: 0 });
    expect(typeof sample?.teacher).toBe('string');
    expect(studio.live()).toEqual([]);
  });

  it('is stopped with its work saved, and goes on to the end', async () => {
    const { runId } = await call('runs.start', { recipe: recipe({ train: { steps: 400, batchSize: 6, microBatchSize: 4 } }) });
    await until(() => studio.live()[0]?.step! >= 3);
    await call('runs.stop', { runId, how: 'save' });
    await ended(runId);
    const stopped = await call('runs.get', { runId });
    expect(stopped).toMatchObject({ status: 'stopped', checkpoint: { step: stopped.lastStep } });
    messages.length = 0;
    await call('runs.resume', { runId });
    await until(() => studio.live()[0]?.from !== null && studio.live().length > 0);
    expect(studio.live()[0]!.from!.step).toBe(stopped.lastStep);
    await call('runs.stop', { runId, how: 'abandon' });
    await ended(runId);
    expect((await call('runs.get', { runId })).status).toBe('stopped');
    await call('runs.delete', { runIds: [runId], withFiles: true });
    expect(existsSync(stopped.runDir)).toBe(false);
  });

  it('with a wrong column is refused before it is queued', async () => {
    const data = { ...recipe().data, prompt: '{{qestion}}' };
    await expect(call('runs.start', { recipe: recipe({ data }) })).rejects.toThrow('qestion');
    expect(await call('recipe.check', { recipe: recipe({ data }) as Record<string, unknown> })).toMatchObject([{ message: expect.stringContaining('qestion') }]);
  });
});

describe('models and data', () => {
  it('are described, paired, made and removed', async () => {
    expect(await call('models.pair', { teacher: project.teacher, student: project.student })).toMatchObject({ differences: [], warnings: [] });
    await call('models.add', { path: project.teacher });
    const made = await call('models.makeStudent', { teacher: project.teacher, name: 'Half', layers: [0] });
    expect(made).toMatchObject({ isOwn: true, description: { layers: 1 } });
    expect((await call('models.list', null)).map(({ name }) => name)).toEqual(['Half', 'teacher']);
    await expect(call('models.remove', { path: project.teacher, withFiles: true })).rejects.toThrow('your own');
    await call('models.remove', { path: made.path, withFiles: true });
    expect(existsSync(made.path)).toBe(false);
  });

  it('are seen as the model sees them', async () => {
    const { examples, lengths } = await call('data.seen', {
      path: project.train, model: project.student, offset: 3, limit: 2,
      view: { prompt: '{{question}}', completion: '{{solution}}', chat: false, maxPromptTokens: 24, maxCompletionTokens: 64 },
    });
    expect(lengths.examples).toBe(40);
    expect(examples).toHaveLength(2);
    const [{ tokens, promptText, completionText }] = examples as [typeof examples[0]];
    expect(tokens.filter(({ isLearned }) => !isLearned).map(({ text }) => text).join('')).toContain(promptText);
    expect(tokens.filter(({ isLearned }) => isLearned).map(({ text }) => text).join('')).toContain(completionText!);
  });
});

describe('settings and drafts', () => {
  it('outlive the program; a change of one leaves the others', async () => {
    await call('settings.set', { theme: 'dark' });
    await call('settings.set', { threads: 1 });
    const { id } = await call('drafts.save', { id: null, title: 'idea', page: 'data', recipe: { name: 'x' } });
    await studio.close();
    studio = await open();
    studio.subscribe((message) => messages.push(message));
    expect(await call('settings.get', null)).toMatchObject({ theme: 'dark', threads: 1, numberLocale: 'system' });
    expect(await call('drafts.list', null)).toMatchObject([{ id, title: 'idea', recipe: { name: 'x' } }]);
  });
});

describe('a second program on the same folder', () => {
  it('shows and changes nothing', async () => {
    const other = await open();
    try {
      expect(other.readOnly).toContain('in use');
      expect((await call('runs.list', null, other)).length).toBe(2);
      await expect(call('settings.set', { theme: 'light' }, other)).rejects.toThrow('only shows');
    } finally {
      await other.close();
    }
  });
});

describe('calls', () => {
  it('are refused where they are unknown or their parameters wrong', async () => {
    expect(await studio.call('constructor', null)).toMatchObject({ ok: false });
    expect(await studio.call('runs.get', { runId: 3 })).toMatchObject({ ok: false, error: { kind: 'input' } });
    expect(await studio.call('runs.get', { runId: 'x', extra: 1 })).toMatchObject({ ok: false });
  });
});
