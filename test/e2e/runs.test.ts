import { stat } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

/** The whole path of a new user: sample project, live charts, stop and save, resume to the end, compare, delete. */
let app: App;
let page: Page;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  // What is looked at while it goes takes longer than its 200 steps on a machine with much else to do.
  app.slow.behind(30);
});
afterAll(() => app.close());

const stepsDone = async (): Promise<number> => Number(await page.getByRole('region', { name: 'Progress', exact: true }).getByRole('progressbar').getAttribute('value'));

it('says on an empty home what belongs there, and starts the sample project with one button', async () => {
  await page.getByText('No runs yet').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Run the sample project', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
});

it('draws charts that move', async () => {
  await eventually(() => page.locator('.u-over').count()).toBeGreaterThan(5);
  const loss = page.locator('figure').filter({ has: page.getByRole('heading', { name: /^Loss/ }) });
  const before = await loss.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await eventually(() => loss.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())).not.toBe(before);
  await page.getByText(/left$/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('shows the same after a reload in the middle', async () => {
  const before = await stepsDone();
  await page.reload();
  await eventually(stepsDone).toBeGreaterThanOrEqual(before);
  await eventually(() => page.locator('.u-over').count()).toBeGreaterThan(5);
});

it('shows what the student wrote before and in training', async () => {
  await page.getByRole('tab', { name: 'Samples', exact: true }).click();
  await page.getByText('Reference').first().waitFor();
  await page.getByText('Teacher').nth(1).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('tab', { name: 'Rollouts', exact: true }).click();
  await page.getByText(/^1 to \d+ of/).waitFor();
  await page.getByRole('combobox', { name: 'Sort by', exact: true }).selectOption('max');
  await page.getByRole('img', { name: /^Divergence of each token/ }).first().waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('stops with everything saved, by keyboard, and goes on from there', async () => {
  const stop = async (): Promise<number> => {
    await page.getByRole('button', { name: 'Stop and save', exact: true }).focus();
    await page.keyboard.press('Enter');
    const note = await page.getByText(/^Stopped at step/).textContent();
    return Number(/step (\d+)/.exec(note ?? '')![1]);
  };
  const first = await stop();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await page.getByRole('region', { name: 'Progress', exact: true }).waitFor();
  await expect.poll(stepsDone).toBeGreaterThan(first);
  expect(await stop()).toBeGreaterThan(first);
  app.slow.end();
});

it('duplicates a run with changes, and shows its end, its log and its recipe', async () => {
  await page.getByRole('button', { name: 'Duplicate …', exact: true }).click();
  await page.waitForURL(/#\/new\/.+/);
  await page.getByText('Nothing is missing').waitFor();
  const recipe = (await app.client.call('runs.list', null))[0]!.recipe;
  const { runId } = await app.client.call('runs.start', { recipe: { ...recipe, name: 'shorter', seed: 7, train: { ...recipe.train, steps: 3 }, evaluate: { ...recipe.evaluate, examples: 20 } } });
  await app.client.ended(runId);
  await app.show(`run/${runId}`);
  await page.getByText('done', { exact: true }).waitFor();
  await page.getByRole('tab', { name: /^Log/ }).click();
  await page.getByText(/checkpoint/i).first().waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('tab', { name: 'Recipe', exact: true }).click();
  await page.getByRole('button', { name: 'Copy the recipe', exact: true }).click();
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({ name: 'shorter', train: { steps: 3 } });
  expect(await seriousFindings(page)).toEqual([]);
});

it('compares two runs with a baseline and only what their recipes differ in', async () => {
  await app.show('runs');
  await page.getByLabel('Choose all runs shown', { exact: true }).check();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('heading', { name: 'What their recipes differ in', exact: true }).waitFor();
  await eventually(() => page.locator('tbody th[scope=row][title]').allTextContents()).toEqual(['Seed', 'Steps', 'Examples']);
  await eventually(() => page.locator('.u-over').count()).toBeGreaterThan(2);
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Place of shorter in the comparison', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Make it the baseline', exact: true }).click();
  await page.getByRole('row', { name: /shorter.*baseline/ }).waitFor();
});

it('finds, tags and renames', async () => {
  await app.show('runs');
  await page.getByRole('button', { name: 'More about shorter', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Name and tags …', exact: true }).click();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByLabel('Name', { exact: true }).fill('Short one');
  await page.getByLabel('Tags, with commas between them', { exact: true }).fill('first, tiny');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'tiny', exact: true }).waitFor();
  // The list may have it before the dialog is gone.
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('tiny gkd');
  await page.getByText('1 of 2 runs').waitFor();
  await page.getByLabel('Search runs', { exact: true }).fill('nothing like that');
  await page.getByRole('button', { name: 'Show all', exact: true }).click();
  await page.getByText('2 runs').waitFor();
});

it('is as wide as a window at twice the size', async () => {
  const { id } = (await app.client.call('runs.list', null))[0]!;
  const viewport = page.viewportSize()!;
  await page.setViewportSize({ width: 640, height: 430 });
  for (const address of ['runs', `run/${id}`, `run/${id}/samples`, `run/${id}/log`, 'new', 'models', 'chat', 'settings']) {
    await app.show(address);
    expect(await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth), address).toBe(0);
  }
  await page.setViewportSize(viewport);
  await app.show('runs');
});

it('deletes a run with its files, after asking', async () => {
  const { runDir } = (await app.client.call('runs.list', null)).find(({ name }) => name === 'Short one')!;
  await page.getByRole('button', { name: 'Choose none', exact: true }).click();
  await page.getByLabel('Choose Short one', { exact: true }).check();
  await page.getByRole('button', { name: 'Delete …', exact: true }).click();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Delete with files', exact: true }).click();
  await page.getByText('"Short one" is deleted.').waitFor();
  await page.getByText('1 run', { exact: true }).waitFor();
  await expect(stat(runDir)).rejects.toThrow();
});

it('lists its shortcuts, and goes by them', async () => {
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts', exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('m');
  await page.getByRole('heading', { name: 'Models', exact: true, level: 1 }).waitFor();
  expect(app.complaints).toEqual([]);
});
