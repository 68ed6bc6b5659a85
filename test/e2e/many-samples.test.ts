import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FORK_KINDS } from '../../src-main/contract/fork.ts';
import { TOKEN_NUMBERS, type MeasuredSample } from '../../src-main/contract/inspection.ts';
import { decodeSchema } from '../../src-main/contract/recipe.ts';
import { HISTORY_FILE } from '../../src-main/store/home.ts';
import { insertSamples } from '../../src-main/store/inspected-samples.ts';
import { createInspection, endInspection } from '../../src-main/store/inspections.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

const COUNT = 20_000;
const LENGTH = 48;
let app: App;

/** A text whose forks and divergences differ from those of its neighbours. */
function sample(example: number): MeasuredSample {
  const draw = (salt: number): number => ((example * 2654435761 + salt * 40503) >>> 0) % 1000;
  const forks = Array.from({ length: draw(1) % 4 }, (_, at) => ({
    position: 4 + at * 10 + (draw(at) % 7), kind: FORK_KINDS[draw(at + 2) % FORK_KINDS.length]!, gap: 2 + draw(at + 3) / 60,
    text: String(draw(at + 4) % 10), wanted: String(draw(at + 5) % 10), continuation: null,
  }));
  return {
    example, step: null, prompt: `${example}+${draw(6)}=`, turns: null, completion: `${example}+${draw(6)}=${example + draw(6)};#${example + draw(6)}`, reference: null, ended: true,
    promptTokens: new Int32Array(10), tokens: new Int32Array(LENGTH), texts: Array.from({ length: LENGTH }, (_, at) => String(at % 10)),
    numbers: new Float32Array(TOKEN_NUMBERS.length * LENGTH).fill(draw(7) / 1000), roles: Array.from({ length: LENGTH }, (_, at) => (forks.some(({ position }) => position === at) ? 'fork' : 'agreed')), forks,
  };
}

beforeAll(async () => {
  app = await openApp();
  const database = await openHistory(join(app.home, HISTORY_FILE));
  await createInspection(database, {
    id: 'many', created: Date.now(), title: 'Twenty thousand', run: null, step: null, teacher: '/models/teacher', student: '/models/student',
    settings: { source: { kind: 'validation' }, examples: COUNT, beta: 0.5, maxNewTokens: 64, decode: decodeSchema.parse({}), seed: 0 },
  });
  for (let start = 0; start < COUNT; start += 2000) {
    await database.transaction((queries) => insertSamples(queries, 'many', Array.from({ length: 2000 }, (_, at) => sample(start + at))));
  }
  await endInspection(database, 'many', 'done');
  await database.close();
  // The page's own timers go slowly, so that what flies by here flies by on a machine that shows a frame now and then, too.
  await app.page.addInitScript((factor) => {
    const inTime = window.setTimeout.bind(window);
    Object.assign(window, { inTime, setTimeout: (work: () => void, ms = 0, ...rest: unknown[]) => inTime(work, ms * factor, ...rest) });
  }, 20);
  await app.page.reload();
});
afterAll(() => app.close());

it('lists, sorts and filters 20,000 samples a page at a time; says how long the longest frame took', async () => {
  const { page } = app;
  let requests = 0;
  let bytes = 0;
  page.on('response', (response) => {
    if (!response.url().includes('/api/call')) return;
    requests++;
    void response.body().then((body) => { bytes += body.length; }, () => undefined);
  });
  const rows = page.getByRole('table', { name: 'Samples', exact: true }).locator('tbody tr[aria-rowindex]');
  const most = { rows: 0 };
  const look = async (): Promise<void> => { most.rows = Math.max(most.rows, await rows.count()); };
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(window, { frames });
    let last = performance.now();
    const tick = (now: number): void => {
      frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await app.show('mistakes/many');
  await page.getByRole('status').filter({ hasText: '20,000 samples' }).waitFor();
  await look();
  const frame = page.locator('.frame');
  // From top to bottom in eighty movements: what flies by is not asked for. In the page, so that no movement waits for
  // the test and a place is never looked at for longer than it means to.
  for (let from = 1; from <= 61; from += 20) {
    await frame.evaluate(async (element, first) => {
      for (let at = first; at < first + 20; at++) {
        element.scrollTop = at / 80 * element.scrollHeight;
        await new Promise((resolve) => { (window as unknown as { inTime: typeof setTimeout }).inTime(resolve, 10); });
      }
    }, from);
    await look();
  }
  await eventually(() => rows.last().getAttribute('aria-rowindex')).toBe(String(COUNT + 1));
  await eventually(() => rows.last().getByRole('button').count()).toBe(1);
  for (const order of ['divergence', 'length', 'position', 'example', 'fork']) {
    await page.getByRole('combobox', { name: 'Sort by', exact: true }).selectOption(order);
    await rows.first().getByRole('button').waitFor();
    await look();
  }
  await page.getByRole('group', { name: 'Forks by kind', exact: true }).getByRole('button').first().click();
  await page.getByLabel('Search samples', { exact: true }).fill('#19');
  await eventually(async () => Number((await page.getByRole('status').filter({ hasText: /samples?$/ }).textContent())!.replace(/\D/g, ''))).toBeLessThan(5000);
  await rows.first().getByRole('button').waitFor();
  await look();

  expect(most.rows).toBeLessThan(40);
  // Of two hundred pages of each order.
  expect(requests).toBeLessThan(80);
  expect(bytes).toBeLessThan(4e6);
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames);
  console.log(`${requests} requests, ${Math.round(bytes / 1000)} kB, at most ${most.rows} rows in the page; longest of ${frames.length} frames ${Math.max(...frames).toFixed(0)} ms, over 100 ms: ${frames.filter((time) => time > 100).length}`);
});
