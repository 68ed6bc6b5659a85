import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { LiveRun } from '../../src-main/contract/api/feed.ts';
import { createRun } from '../../src-main/store/runs.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { insertSteps } from '../../src-main/store/steps.ts';
import { openApp } from '../e2e/support/app.ts';
import { openFakeApp } from '../e2e/support/fake-app.ts';
import { fakeRun, fakeSeries, fakeStep } from '../e2e/support/fake-studio.ts';

/**
 * How quick the interface is, in Debian's Chromium: opening a run of 100,000 steps from its history, and frames while a
 * run of that length tells 50 more steps a second. A busy machine only makes it slower, so the best of several counts.
 */

const STEPS = 100_000;
const OPENINGS = 9;
const ROUNDS = 5;
const ROUND_SECONDS = 8;

/** Milliseconds from the click to the frame that shows the charts, shortest first. */
async function openLongRun(): Promise<number[]> {
  const app = await openApp();
  try {
    const history = await openHistory(join(app.home, 'retort.sqlite'));
    const { recipe } = fakeRun();
    await createRun(history, { id: 'long', name: 'long run', recipe, runDir: '/nowhere' });
    await history.run("UPDATE runs SET status = 'done' WHERE id = 'long'");
    await history.transaction((queries) => insertSteps(queries, 'long', Array.from({ length: STEPS }, (_, at) => fakeStep(at + 1))));
    await history.close();
    await app.page.reload();
    const times: number[] = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      await app.show('runs');
      await app.page.getByText('long run').first().waitFor();
      await app.page.waitForTimeout(500);
      times.push(await app.page.evaluate<number>(OPEN));
      await app.page.waitForTimeout(500);
    }
    return times.sort((a, b) => a - b);
  } finally {
    await app.close();
  }
}

interface Frames { median: number; longest: number; longTasks: number[]; busy: number }

/** Rounds of frames, the one with the shortest longest frame first. `busy`: the share of its thread that the page used. */
async function followRun(): Promise<Frames[]> {
  let told = STEPS;
  const live: LiveRun = { runId: 'run-1', name: 'A run', state: 'running', phase: null, step: STEPS, totalSteps: 2 * STEPS, from: { step: STEPS - 1000, at: Date.now() - 20_000 }, aside: { ms: 0, since: null }, evaluations: { ms: null, left: 0 } };
  const app = await openFakeApp({
    'runs.list': () => [fakeRun({ status: 'running' })],
    'runs.live': () => ({ live: [live], jobs: [] }),
    'runs.series': ({ fields, buckets }) => fakeSeries(told, buckets, fields),
  });
  const tell = async (seconds: number): Promise<void> => {
    for (let tick = 0; tick < 10 * seconds; tick++) {
      app.studio.publish({ topic: 'steps', runId: 'run-1', steps: Array.from({ length: 5 }, () => fakeStep(++told)) });
      app.studio.publish({ topic: 'live', live: [{ ...live, step: told }] });
      await app.page.waitForTimeout(100);
    }
  };
  try {
    await app.show('run/run-1');
    await app.page.locator('.u-over').first().waitFor();
    await tell(2);
    const rounds: Frames[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await watchFrames(app.page, () => tell(ROUND_SECONDS)));
    return rounds.sort((a, b) => a.longest - b.longest);
  } finally {
    await app.close();
  }
}

async function watchFrames(page: Page, work: () => Promise<void>): Promise<Frames> {
  const client = await page.context().newCDPSession(page);
  // Time the page's own thread computes: other programs on the machine do not count.
  await client.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await client.send('Performance.enable');
  const computed = async (): Promise<number> => (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value;
  await page.evaluate(WATCH);
  const [before, start] = [await computed(), performance.now()];
  await work();
  const busy = (1000 * (await computed() - before)) / (performance.now() - start);
  const { frames, longTasks } = await page.evaluate<{ frames: number[]; longTasks: number[] }>('window.watched.end()');
  await client.detach();
  frames.sort((a, b) => a - b);
  return { median: frames[frames.length >> 1]!, longest: frames.at(-1)!, longTasks, busy };
}

// Text, since what a transpiler adds to functions is not known in the page.
const OPEN = `(async () => {
  const frame = () => new Promise((shown) => { requestAnimationFrame(shown); });
  const start = performance.now();
  location.hash = '#/run/long';
  while (document.querySelectorAll('.u-over').length < 3) await frame();
  await frame();
  return performance.now() - start;
})()`;

const WATCH = `(() => {
  const [frames, longTasks] = [[], []];
  const observer = new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration)); });
  observer.observe({ type: 'longtask' });
  let [last, ended] = [performance.now(), false];
  const tick = (now) => { frames.push(now - last); last = now; if (!ended) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  window.watched = { end() { ended = true; observer.disconnect(); return { frames: frames.slice(2), longTasks }; } };
})()`;

const ms = (value: number): string => `${value.toFixed(0)} ms`;

const times = await openLongRun();
console.log(`A run of ${STEPS} steps opens in ${ms(times[0]!)} (best), ${ms(times[times.length >> 1]!)} (median), ${ms(times.at(-1)!)} (worst of ${OPENINGS}).`);
for (const { median, longest, longTasks, busy } of await followRun()) {
  console.log(`50 steps a second for ${ROUND_SECONDS} s: longest frame ${ms(longest)}, median ${ms(median)}; the page computes ${(100 * busy).toFixed(0)}% of the time; tasks over 50 ms: ${longTasks.join(', ') || 'none'}.`);
}
