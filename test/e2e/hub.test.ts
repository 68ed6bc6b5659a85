import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { HubServer } from '../hub/hub-server.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';

const SAMPLE = 'resources/sample';
const server = new HubServer();
let app: App;
let page: Page;
beforeAll(async () => {
  vi.stubEnv('HF_ENDPOINT', await server.start());
  vi.stubEnv('HF_TOKEN', '');
  vi.stubEnv('HF_HOME', '/nowhere');
  const model = join(SAMPLE, 'student');
  const files = Object.fromEntries(await Promise.all((await readdir(model)).map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(model, name))])));
  server.repositories.set('org/tiny', { files, large: ['model.safetensors'], tags: ['license:mit'], extra: { safetensors: { total: 101_888 }, config: { model_type: 'llama' } } });
  server.repositories.set('org/tiny-gated', { files, large: ['model.safetensors'], gated: true });
  server.repositories.set('datasets/org/sums', { files: { 'data/train.jsonl': await readFile(join(SAMPLE, 'train.jsonl')), 'data/dev.jsonl': await readFile(join(SAMPLE, 'dev.jsonl')) } });
  app = await openApp();
  page = app.page;
});
afterAll(async () => {
  await app.close();
  await server.stop();
  vi.unstubAllEnvs();
});

const dialog = (): ReturnType<Page['getByRole']> => page.getByRole('dialog');

it('connects to nothing before somebody asks', async () => {
  await app.show('settings');
  await page.getByText('only when you ask for it').waitFor();
  await app.show('models');
  await page.getByRole('button', { name: 'Get from a hub …', exact: true }).click();
  await dialog().getByText('without a token').waitFor();
  expect(server.asked).toEqual([]);
  expect(await seriousFindings(page)).toEqual([]);
});

it('finds a model, says what it is, and puts it on the list', async () => {
  await dialog().getByRole('searchbox').fill('tiny');
  await dialog().getByRole('button', { name: 'Search', exact: true }).click();
  await dialog().getByText('llama, mit, 7 downloads').waitFor();
  await dialog().getByRole('button', { name: 'org/tiny', exact: true }).click();
  await dialog().getByText('Memory it takes').waitFor();
  await dialog().getByText('5 files').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  expect(server.asked.filter(({ host }) => host === 'elsewhere')).toEqual([]);
  await dialog().getByRole('button', { name: 'Download', exact: true }).click();
  await page.getByRole('article', { name: 'tiny', exact: true }).getByText('parameters').waitFor();
  const [model] = await app.client.call('models.list', null);
  expect(model).toMatchObject({ name: 'tiny', path: join(app.home, 'models', 'tiny'), isOwn: true, problem: null });
});

it('says what to do about a gated one', async () => {
  await page.getByRole('button', { name: 'Get from a hub …', exact: true }).click();
  await dialog().getByRole('searchbox').fill('org/tiny-gated');
  await dialog().getByRole('button', { name: 'Search', exact: true }).click();
  await dialog().getByRole('alert').getByText(/Model org\/tiny-gated is gated.*Accept its conditions at .*HF_TOKEN/).waitFor();
  await page.keyboard.press('Escape');
});

it('brings the chosen file of a data set into a new run', async () => {
  await app.show('new');
  await page.getByRole('button', { name: 'Get from a hub …', exact: true }).first().click();
  await dialog().getByRole('searchbox').fill('org/sums');
  await dialog().getByRole('button', { name: 'Search', exact: true }).click();
  await dialog().getByRole('checkbox', { name: /^data\/train\.jsonl/ }).check();
  await dialog().getByRole('button', { name: 'Download', exact: true }).click();
  await page.getByText('jsonl, 800 rows').waitFor();
  await page.getByText(join(app.home, 'data', 'sums', 'data', 'train.jsonl')).first().waitFor();
});

it('has nothing to complain of in its console', () => {
  expect(app.complaints).toEqual([]);
});
