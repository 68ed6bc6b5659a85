import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

let app: App;
let page: Page;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await app.show('settings');
});
afterAll(() => app.close());

it('keeps what is chosen over a reload', async () => {
  await page.getByLabel('Theme', { exact: true }).selectOption('dark');
  await page.getByLabel('Numbers and dates', { exact: true }).selectOption('de-DE');
  await page.getByLabel('Threads', { exact: true }).fill('1');
  await page.getByLabel('Threads', { exact: true }).press('Tab');
  await eventually(() => app.client.call('settings.get', null)).toMatchObject({ theme: 'dark', numberLocale: 'de-DE', threads: 1 });
  await page.reload();
  await eventually(() => page.getByLabel('Theme', { exact: true }).inputValue()).toBe('dark');
  await eventually(() => page.getByLabel('Threads', { exact: true }).inputValue()).toBe('1');
  expect(await seriousFindings(page)).toEqual([]);
});

it('says what it is, where its data lies and what it is made with', async () => {
  await page.getByText(app.home, { exact: true }).waitFor();
  await page.getByText(/Licences of \d+ packages/).click();
  await page.getByRole('rowheader', { name: 'onnxruntime-node', exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('says which devices there are', async () => {
  const found = await app.client.call('devices.list', null);
  expect(found.find(({ device }) => device === 'cpu')).toMatchObject({ problem: null, uses: ['training', 'writing', 'teacher'] });
  for (const { problem } of found.filter((known) => known.problem !== null)) await page.getByText(problem!, { exact: true }).waitFor();
});

it('says what CUDA\'s libraries take before anything is fetched, and refuses a folder without them', async () => {
  const { offer, folder } = await app.client.call('devices.cuda', null);
  if (!offer || folder !== null) return;
  await page.getByRole('button', { name: /^Download \d/ }).waitFor();
  await page.getByText(/nvidia-cublas 13/).waitFor();
  await page.getByLabel('Or a folder that has them', { exact: true }).fill(app.home);
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  await page.getByText(`${app.home} has no CUDA libraries of ONNX Runtime`, { exact: false }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('has nothing to complain of in its console', () => {
  expect(app.complaints).toEqual([]);
});
