import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredLogEntry } from '../../src-main/contract/history.ts';
import { seriousFindings } from './support/accessible.ts';
import { openFakeApp, type FakeApp } from './support/fake-app.ts';
import { fakeRun, fakeSeries } from './support/fake-studio.ts';

const LOG: StoredLogEntry[] = [
  { id: 1, at: 1, step: 0, level: 'warning', code: 'eos', message: 'The models end their texts differently.' },
  { id: 2, at: 2, step: 4200, level: 'warning', code: 'repetition', message: 'The student repeats itself.' },
];
const { recipe } = fakeRun();
const RUNS = [
  fakeRun({
    id: 'early', name: 'Early', recipe: { ...recipe, evaluate: { ...recipe.evaluate, every: 200, metrics: ['rouge'], best: 'rougeL', patience: 3 } },
    lastStep: 1000, totalSteps: 2000, checkpoint: { step: 1000, path: '/home/person/retort/runs/early/checkpoints/step-1000' }, best: { name: 'rougeL', step: 400, value: 0.213 },
  }),
  fakeRun({ id: 'failed', name: 'Failed', status: 'failed', tags: ['first'], error: { kind: 'failure', message: 'The disk is full.', hint: 'Free 2 GiB.' } }),
  fakeRun({ id: 'interrupted', name: 'Interrupted', status: 'interrupted', checkpoint: null }),
  fakeRun({ id: 'waiting', name: 'Waiting', status: 'waiting', lastStep: 0 }),
];
const answers = {
  'runs.list': () => RUNS,
  'runs.log': ({ runId, after }: { runId: string; after: number }) => (runId === 'failed' ? LOG.filter(({ id }) => id > after) : []),
  'runs.series': ({ fields, buckets }: { fields: Parameters<typeof fakeSeries>[2]; buckets: number }) => fakeSeries(5000, buckets, fields),
  'runs.evaluations': () => [{ step: 0, examples: 1, divergence: 0.4, loss: 1.2, divergenceLow: null, divergenceHigh: null, lossLow: null, lossHigh: null, metrics: {} }],
  'inspections.moments': () => [0, 400, 1000].map((step) => ({ step, path: `/checkpoints/step-${step}` })),
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
    const warnings = app.page.getByRole('region', { name: 'Warnings', exact: true });
    await expect.poll(() => warnings.getByRole('listitem').count()).toBe(2);
    // Only the guard's own signs have a meaning to be told.
    await expect.poll(() => warnings.getByText('fall into loops').count()).toBe(1);
    await app.page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
    expect(await seriousFindings(app.page)).toEqual([]);
  });

  it('says that an interrupted run without a checkpoint begins again', async () => {
    await app.show('run/interrupted');
    await app.page.getByText('There is no checkpoint yet; Resume begins again.').waitFor();
    expect(await seriousFindings(app.page)).toEqual([]);
  });

  it('says why a run stopped early, and which of its checkpoints is the best', async () => {
    await app.show('run/early');
    await app.page.getByText('Stopped early at step 1,000 of 2,000: 3 evaluations in a row brought no better rougeL.').waitFor();
    await app.page.getByText('Best ROUGE-L').waitFor();
    await app.page.getByText('at step 400').waitFor();
    expect(await seriousFindings(app.page)).toEqual([]);
  });

  it.each(['runs', 'run/failed/samples', 'run/failed/rollouts', 'run/failed/log', 'run/failed/recipe', 'compare-runs/failed,interrupted', 'run/nothing'])('%s has no serious findings', async (address) => {
    await app.show(address);
    await app.page.waitForLoadState('networkidle');
    expect(await seriousFindings(app.page)).toEqual([]);
    expect(app.complaints).toEqual([]);
  });
});

it('goes on with a run on another device of the machine', async () => {
  const asked: unknown[] = [];
  const devices = (['cpu', 'webgpu', 'cuda'] as const).map((device) => ({ device, problem: device === 'cuda' ? 'There is no NVIDIA driver on this machine.' : null, hint: null, name: device, memory: null, driver: null, isSoftware: false, uses: [], computes: ['fp32' as const] }));
  const app = await openFakeApp({ ...answers, 'devices.list': () => devices, 'runs.resume': (params: unknown) => { asked.push(params); return null; } });
  await app.show('run/failed');
  const place = app.page.getByRole('combobox', { name: 'Where it goes on', exact: true });
  await place.locator('option', { hasText: 'on webgpu' }).waitFor({ state: 'attached' });
  await expect.poll(() => place.locator('option').allTextContents()).toEqual(['where it was', 'on cpu', 'on webgpu']);
  await app.page.getByRole('button', { name: 'Resume', exact: true }).click();
  await place.selectOption('webgpu');
  await app.page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expect.poll(() => asked).toEqual([{ runId: 'failed', allowChanged: false }, { runId: 'failed', allowChanged: false, device: 'webgpu' }]);
  await app.close();
});

it('marks the best checkpoint among those there are to choose from', async () => {
  const app = await openFakeApp(answers);
  await app.show('compare');
  await app.page.getByRole('button', { name: 'New comparison', exact: true }).click();
  await app.page.getByLabel('Run', { exact: true }).selectOption('early');
  await app.page.getByText('Student at step 400, its best').waitFor();
  await app.page.getByText('Student at step 1000').waitFor();
  expect(await app.page.getByText('its best').count()).toBe(1);
  expect(app.complaints).toEqual([]);
  await app.close();
});

it('says that the connection is cut', async () => {
  const app = await openFakeApp(answers);
  await app.closeServer();
  await app.page.getByText('No connection.').waitFor();
  await app.close();
});
