import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LiveRun } from '../../src-main/contract/api/feed.ts';
import { seriousFindings } from './support/accessible.ts';
import { openFakeApp, type FakeApp } from './support/fake-app.ts';
import { fakeRun, fakeSeries, fakeStep } from './support/fake-studio.ts';

const LAST = 100_000;
const live: LiveRun = { runId: 'run-1', name: 'A run', state: 'running', phase: null, step: LAST, totalSteps: 2 * LAST, from: { step: LAST - 1000, at: Date.now() - 20_000 }, aside: { ms: 0, since: null }, evaluations: { ms: null, left: 0 } };
/** Points of the series the page was given last. */
let asked: { buckets: number; from?: number | undefined; to?: number | undefined }[] = [];
let told = LAST;

let app: FakeApp;
beforeAll(async () => {
  app = await openFakeApp({
    'runs.list': () => [fakeRun({ status: 'running' })],
    'runs.live': () => ({ live: [live], jobs: [] }),
    'runs.series': ({ fields, buckets, from, to }) => {
      asked.push({ buckets, from, to });
      return fakeSeries(told, buckets, fields);
    },
    'runs.evaluations': () => [0, 20_000, 60_000].map((step) => ({ step, examples: 200, divergence: 0.4 - step / 400_000, loss: 1.2, divergenceLow: 0.1, divergenceHigh: 0.5, lossLow: 1.1, lossHigh: 1.3, metrics: { rouge: { value: 0.2 + step / 200_000, low: 0.18, high: 0.5 } } })),
  });
});
afterAll(() => app.close());

/** Fifty steps a second for some time, in messages of a tenth of a second, as the program tells them. */
async function tellSteps(seconds: number): Promise<void> {
  for (let tick = 0; tick < 10 * seconds; tick++) {
    const steps = Array.from({ length: 5 }, () => fakeStep(++told));
    app.studio.publish({ topic: 'steps', runId: 'run-1', steps });
    app.studio.publish({ topic: 'live', live: [{ ...live, step: told }] });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it('opens with one question for thinned measurements, never all steps', async () => {
  await app.show('run/run-1');
  await app.page.locator('.u-over').first().waitFor();
  expect(asked).toEqual([{ buckets: 1000, from: undefined, to: undefined }]);
  expect(app.studio.calls).not.toContain('runs.steps');
  await app.page.getByText('200,000').first().waitFor();
  expect(await seriousFindings(app.page)).toEqual([]);
});

it('goes on with fifty steps a second and lays the page out a few times a message at most', async () => {
  const client = await app.page.context().newCDPSession(app.page);
  await client.send('Performance.enable');
  const layouts = async (): Promise<number> => (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'LayoutCount')!.value;
  const before = await layouts();
  await tellSteps(3);
  // Thirty messages; laying out once for every chart and step would be thousands.
  expect((await layouts() - before) / 30).toBeLessThan(20);
  await expect.poll(() => app.page.getByLabel('to', { exact: true }).getAttribute('placeholder')).toBe(String(told));
});

it('thins again when the points have doubled', async () => {
  asked = [];
  app.studio.publish({ topic: 'steps', runId: 'run-1', steps: Array.from({ length: 1100 }, () => fakeStep(++told)) });
  await expect.poll(() => asked).toEqual([{ buckets: 1000, from: undefined, to: undefined }]);
});

it('shows a stretch of steps in full', async () => {
  asked = [];
  await app.page.getByLabel('Steps', { exact: true }).fill('50000');
  await app.page.keyboard.press('Tab');
  await expect.poll(() => asked[0]).toMatchObject({ from: 50_000, to: told });
  await app.page.getByRole('button', { name: 'Whole run', exact: true }).click();
});

it('reads a chart by keyboard and as a table', async () => {
  const chart = app.page.getByRole('group', { name: /^Loss by step/ });
  await chart.focus();
  await app.page.keyboard.press('End');
  await app.page.getByText(/^Step 101,/).first().waitFor();
  await app.page.keyboard.press('Home');
  await app.page.getByText(/^Step 10\d$/).first().waitFor();
  await app.page.getByRole('button', { name: 'Loss: show as a table', exact: true }).click();
  await app.page.getByRole('columnheader', { name: 'training, largest', exact: true }).waitFor();
  expect(await seriousFindings(app.page)).toEqual([]);
  await app.page.keyboard.press('Escape');
});

it('asks again for everything when messages were missed', async () => {
  asked = [];
  app.studio.publish({ topic: 'resync' });
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  expect(app.complaints).toEqual([]);
});
