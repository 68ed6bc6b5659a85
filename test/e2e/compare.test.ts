import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { resource } from '../../src-main/service/resources.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { takeOffFilters } from './support/filters.ts';
import { addModel, shortRun } from './support/sample-project.ts';

let app: App;
let page: Page;
let runId: string;

beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await addModel(app, 'teacher', 'teacher');
  await addModel(app, 'student', 'student');
  await addModel(app, 'student', 'third');
  runId = await shortRun(app, 8);
});
afterAll(() => app.close());

const answers = () => page.getByRole('table', { name: 'Answers', exact: true });
const rows = () => answers().locator('tbody tr');
const total = async (): Promise<number> => Number((await page.getByRole('status').filter({ hasText: /rows?$/ }).textContent())!.replace(/\D/g, ''));
const comparisonId = (): string => /#\/compare\/([^/]+)/.exec(page.url())![1]!;

it('lets three models answer prompts typed by hand, token by token, and shows the same after a reload', async () => {
  await page.keyboard.press('c');
  await page.getByRole('heading', { level: 1, name: 'Compare', exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'New comparison', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'New comparison', exact: true });
  for (const name of ['teacher', 'student', 'third']) await dialog.getByRole('checkbox', { name, exact: true }).check();
  await dialog.getByLabel('Judged by', { exact: true }).selectOption({ label: 'teacher' });
  await dialog.getByLabel('The first prompt', { exact: true }).fill('10+4+2+6-9+2=');
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Compare', exact: true }).click();
  await rows().first().waitFor();

  const alone = async (prompt: string): Promise<string[]> => Promise.all(['teacher', 'student', 'student'].map(async (name) => (
    await app.client.call('models.generate', { model: resource('sample', name), prompt, chat: false, maxNewTokens: 80, decode: {}, seed: 0 })).text));
  const shown = (at: number): Promise<string[]> => rows().nth(at).locator('td .text').allTextContents();
  const first = await alone('10+4+2+6-9+2=');
  await eventually(() => shown(0)).toEqual(first);

  // The next one by keyboard alone, while its texts are watched.
  const seen: string[] = [];
  await page.exposeFunction('saw', (text: string) => { seen.push(text); });
  await page.evaluate(() => {
    new MutationObserver(() => {
      const text = document.querySelector('[aria-busy="true"]')?.textContent;
      if (text) void (window as unknown as { saw: (text: string) => void }).saw(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.getByLabel('Prompt', { exact: true }).fill('3+30+3+3+3+3=');
  // The answers to the first are there before their divergences, and one prompt is answered at a time.
  await eventually(() => page.getByRole('button', { name: 'Answer', exact: true }).isEnabled()).toBe(true);
  await page.keyboard.press('Control+Enter');
  const second = await alone('3+30+3+3+3+3=');
  await eventually(() => shown(0)).toEqual(second);
  await eventually(async () => seen.length).toBeGreaterThan(0);
  expect(seen.every((text) => second.some((whole) => whole.startsWith(text.replace('▍', ''))))).toBe(true);

  await page.getByRole('combobox', { name: 'Mark words that differ from', exact: true }).selectOption('baseline');
  await eventually(() => rows().first().locator('td:nth-child(3) ins').count()).toBeGreaterThan(0);
  expect(await seriousFindings(page)).toEqual([]);
  await page.reload();
  await eventually(() => rows().count()).toBe(2);
  await eventually(async () => (await shown(1))[0]).toBe(first[0]);
  await eventually(() => rows().first().locator('td:nth-child(3) ins').count()).toBeGreaterThan(0);
});

it('compares a finished run\'s teacher, student before and after with one click', async () => {
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL(/#\/compare\/.+/);
  const id = comparisonId();
  // Three models answer 200 prompts, and the teacher reads twice as many texts.
  await expect.poll(async () => (await app.client.call('comparisons.list', null)).find((comparison) => comparison.id === id)!.state).toBe('done');
  await eventually(total).toBe(200);
  const models = page.getByRole('table', { name: 'Models', exact: true });
  await eventually(() => models.locator('tbody th').allTextContents()).toEqual(['teacher', 'before', 'step 8']);
  await eventually(() => answers().locator('thead th').allTextContents()).toEqual(['Prompt', 'teacher', 'beforebaseline', 'step 8']);
  // Words of the students' answers are held against the reference.
  await eventually(() => answers().locator('td ins').count()).toBeGreaterThan(0);
  expect(await seriousFindings(page)).toEqual([]);
  // Asked for again, it is the one that is there.
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL(new RegExp(id));
});

it('sorts by any measure, filters by wins, ranges, differences and words, and keeps all that over a reload', async () => {
  const values = async (): Promise<number[]> => (await rows().locator('td:nth-child(4) .scores').allTextContents()).map((text) => Number(/(?<!on the )divergence ([\d.]+)/.exec(text)![1]));
  const isFalling = async (): Promise<boolean> => {
    const shown = await values();
    return shown.length === 20 && shown.every((value, at) => at === 0 || value <= shown[at - 1]!);
  };
  await page.getByRole('combobox', { name: 'Sort by', exact: true }).selectOption({ label: 'divergence of step 8' });
  await page.getByLabel('Largest first', { exact: true }).check();
  await eventually(isFalling).toBe(true);
  await page.getByRole('combobox', { name: 'Decided by', exact: true }).selectOption({ label: 'divergence' });
  const better = page.getByRole('button', { name: /better.*step 8$/ });
  const summary = await app.client.call('comparisons.summary', { id: comparisonId(), measure: 'divergence', baseline: 1, order: { by: 'example' }, descending: false, filter: {} });
  const { win: wins } = summary[2]!;
  expect(wins).toBeGreaterThan(0);
  await eventually(() => better.textContent()).toContain(` ${wins} better`);
  await better.click();
  await eventually(total).toBe(wins);
  await eventually(() => rows().locator('td:nth-child(4) .outcome').allTextContents()).toEqual(Array.from({ length: Math.min(20, wins) }, () => '▲ better'));
  await page.getByText('More filters').click();
  await page.locator('details select').nth(1).selectOption({ label: 'step 8' });
  await page.getByLabel('is at least', { exact: true }).fill('0.05');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await eventually(total).toBeLessThan(wins);
  expect(await seriousFindings(page)).toEqual([]);
  // The page's address reaches the test a little after the page.
  await page.waitForURL(/0\.05/);
  const seenNow = async (): Promise<object> => ({ url: page.url(), total: await total(), texts: await rows().locator('th .text').allTextContents() });
  const before = await seenNow();
  await page.reload();
  await eventually(seenNow).toEqual(before);
  await takeOffFilters(page);
  await eventually(total).toBe(200);
  await page.getByLabel('Search rows', { exact: true }).fill('no answer has this');
  await eventually(total).toBe(0);
  await page.getByLabel('Search rows', { exact: true }).fill('');
  await eventually(total).toBe(200);
});

it('moves between rows and pages by keyboard', async () => {
  await page.locator('body').click({ position: { x: 2, y: 2 } });
  const first = await rows().first().locator('th .text').first().textContent();
  await page.keyboard.press('j');
  await eventually(() => page.evaluate(() => [...document.querySelectorAll('tbody tr')].indexOf(document.activeElement!))).toBeGreaterThan(-1);
  await page.keyboard.press('l');
  await page.getByText('rows 21 to 40 of 200').waitFor();
  await eventually(() => rows().first().locator('th .text').first().textContent()).not.toBe(first);
  await page.keyboard.press('h');
  await eventually(() => rows().first().locator('th .text').first().textContent()).toBe(first);
});

it('is reached from the mistakes of a pair of models, and removed', async () => {
  const { id } = await app.client.call('inspections.start', {
    subject: { kind: 'pair', teacher: join(app.folder, 'teacher'), student: join(app.folder, 'student') }, examples: 6, maxNewTokens: 56,
    source: { kind: 'data', data: resource('sample', 'dev.jsonl'), view: { prompt: '{{question}}', completion: '{{solution}}' } },
  });
  await app.show(`mistakes/${id}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL(/#\/compare\/.+/);
  await eventually(() => rows().count()).toBe(6);
  const { length } = await app.client.call('comparisons.list', null);
  await app.show('compare');
  await page.getByRole('button', { name: 'Remove teacher, student', exact: true }).click();
  await eventually(async () => (await app.client.call('comparisons.list', null)).length).toBe(length - 1);
  expect(app.complaints).toEqual([]);
});
