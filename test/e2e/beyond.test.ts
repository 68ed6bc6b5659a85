import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { TokenServer } from '../support/token-server.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';

let project: TinyProject;
let server: TokenServer;
let app: App;
let page: Page;
beforeAll(async () => {
  project = await tinyProject();
  server = await TokenServer.over(project.teacher);
  app = await openApp();
  page = app.page;
  await app.client.call('models.add', { path: project.student, name: 'Student' });
});
afterAll(async () => {
  await app.close();
  await server.close();
  await project.remove();
});

const step = (name: string): Promise<void> => page.getByRole('button', { name: new RegExp(`^[1-4] ${name}`) }).click();
const short = { train: { steps: 2, batchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 2 } };

/** Opens a draft in the wizard. */
async function draft(recipe: object): Promise<void> {
  const { id } = await app.client.call('drafts.save', { id: null, title: 'beyond', page: 'models', recipe: { ...recipe }, touched: true });
  await app.show(`new/${id}`);
}

it('leads from a server\'s address to a finished run', async () => {
  const { teacher: _, ...recipe } = project.recipe(short);
  await draft(recipe);
  await step('Models');
  await page.getByRole('radio', { name: 'Behind a server' }).check();
  await page.locator('#field-teacher-server-url').fill(server.url);
  await page.getByText('A key that it wants is given in the environment variable').waitFor();
  expect(server.got).toEqual([]);
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  // Nothing is sent before the person allows it.
  await page.getByRole('dialog', { name: 'Allow this?' }).getByText(server.url).waitFor();
  expect(server.got).toEqual([]);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByText('those of the student').waitFor();
  await page.getByText('the 17 likeliest tokens').waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  await step('Review');
  await page.getByText('Nothing is missing').waitFor();
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  const runId = /#\/run\/([^/?]+)/.exec(page.url())![1]!;
  await expect.poll(async () => (await app.client.call('runs.get', { runId })).status).toBe('done');
  await page.locator('.status').getByText(/^done/).waitFor();
});

it('hands a recipe over, and follows its training by the folder that was written', async () => {
  await draft(project.recipe(short));
  await step('Review');
  await page.getByText('Nothing is missing').waitFor();
  const choose = async (folder: string): Promise<void> => {
    await page.getByLabel('Folder', { exact: true }).fill(folder);
    await page.getByLabel('Folder', { exact: true }).press('Enter');
  };
  await page.getByRole('button', { name: 'Hand over …' }).click();
  await choose(app.folder);
  await page.getByLabel('Name', { exact: true }).last().fill('handed');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/is ready: 40 examples to learn from, \d+ held out/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  const handed = join(app.folder, 'handed');
  expect(await readdir(handed)).toEqual(expect.arrayContaining(['README.md', 'accelerate', 'data', 'requirements.txt', 'run', 'train.py']));

  const tell = (...events: object[]): Promise<void> => appendFile(join(handed, 'run', 'events.jsonl'), events.map((event) => `${JSON.stringify({ at: 1_700_000_000_000, ...event })}\n`).join(''));
  const made = (at: number): object => ({
    event: 'step', step: at, loss: 2, divergenceOnPolicy: 2, divergenceOffPolicy: null, studentEntropy: 2.5, teacherEntropy: 2.2, agreement: 0.1, onPolicyShare: 1,
    rolloutLength: 8, rolloutEosRate: 0.5, reward: null, gradientNorm: 0.2, learningRate: 1e-3, lambda: 0.5, epoch: 0.1, completionTokens: 48, totalTokens: 48 * at,
    tokensPerSecond: 100, rolloutMs: 1, teacherMs: 1, updateMs: 1, stepMs: 3, memory: 1e6,
  });
  await tell({ event: 'started', fromStep: 0, steps: 2, parameters: 4960, engine: { name: 'TRL', version: '1.16.0', processes: 2, device: 'CPU', with: { torch: '2.15.0' } } }, made(1));
  await app.show('runs');
  await page.getByRole('button', { name: 'Open a run folder …' }).click();
  await choose(handed);
  await page.getByRole('button', { name: 'Choose this folder' }).click();
  await page.waitForURL(/#\/run\/.+/);
  await page.getByText('TRL', { exact: false }).first().waitFor();
  const runId = /#\/run\/([^/?]+)/.exec(page.url())![1]!;
  await expect.poll(async () => (await app.client.call('runs.get', { runId })).lastStep).toBe(1);
});
