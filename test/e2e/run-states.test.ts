import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredLogEntry } from '../../src-main/contract/history.ts';
import { seriousFindings } from './support/accessible.ts';
import { openFakeApp, type FakeApp } from './support/fake-app.ts';
import { fakeRun, fakeSeries } from './support/fake-studio.ts';

const LOG: StoredLogEntry[] = [
  { id: 1, at: 1, step: 0, level: 'warning', code: 'eos', message: 'The models end their texts differently.' },
  { id: 2, at: 2, step: 4200, level: 'warning', code: 'repetition', message: 'The student repeats itself.' },
];
const RUNS = [
  fakeRun({ id: 'failed', name: 'Failed', status: 'failed', tags: ['first'], error: { kind: 'failure', message: 'The disk is full.', hint: 'Free 2 GiB.' } }),
  fakeRun({ id: 'interrupted', name: 'Interrupted', status: 'interrupted', checkpoint: null }),
  fakeRun({ id: 'waiting', name: 'Waiting', status: 'waiting', lastStep: 0 }),
];
const answers = {
  'runs.list': () => RUNS,
  'runs.log': ({ runId, after }: { runId: string; after: number }) => (runId === 'failed' ? LOG.filter(({ id }) => id > after) : []),
  'runs.series': ({ fields, buckets }: { fields: Parameters<typeof fakeSeries>[2]; buckets: number }) => fakeSeries(5000, buckets, fields),
  'runs.evaluations': () => [{ step: 0, examples: 1, divergence: 0.4, loss: 1.2, divergenceLow: null, divergenceHigh: null, lossLow: null, lossHigh: null, metrics: {} }],
  'runs.samples': () => [{ prompt: 'P', prediction: 'A', teacher: 'B', reference: 'A' }],
  'runs.rollouts': () => ({ total: 1, rollouts: [{ id: 1, step: 3, example: 4, prompt: 'P', completion: 'C', tokens: [1, 2], divergence: [0.1, 0.9], ended: false, meanDivergence: 0.5, maxDivergence: 0.9 }] }),
};

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  let app: FakeApp;
  beforeAll(async () => { app = await openFakeApp(answers, { colorScheme }); });
  afterAll(() => app.close());

  it('says why a run failed and what to do, and what its warnings mean', async () => {
    await app.show('run/failed');
    await app.page.getByText('The disk is full. Free 2 GiB.').waitFor();
    await app.page.getByText('the checkpoint at step 99,800 is kept').waitFor();
    const warnings = app.page.getByRole('region', { name: 'Warnings' });
    expect(await warnings.getByRole('listitem').count()).toBe(2);
    // Only the guard's own signs have a meaning to be told.
    expect(await warnings.getByText('fall into loops').count()).toBe(1);
    await app.page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await seriousFindings(app.page)).toEqual([]);
  });

  it('says that an interrupted run without a checkpoint begins again', async () => {
    await app.show('run/interrupted');
    await app.page.getByText('There is no checkpoint yet; Resume begins again.').waitFor();
    expect(await seriousFindings(app.page)).toEqual([]);
  });

  it.each(['runs', 'run/failed/samples', 'run/failed/rollouts', 'run/failed/log', 'run/failed/recipe', 'compare-runs/failed,interrupted', 'run/nothing'])('%s has no serious findings', async (address) => {
    await app.show(address);
    await app.page.waitForLoadState('networkidle');
    expect(await seriousFindings(app.page)).toEqual([]);
    expect(app.complaints).toEqual([]);
  });
});

it('says that the connection is cut', async () => {
  const app = await openFakeApp(answers);
  await app.closeServer();
  await app.page.getByText('No connection.').waitFor();
  await app.close();
});
