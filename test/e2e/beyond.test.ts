import { appendFile, cp, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { TokenServer } from '../support/token-server.ts';
import { trainingStarted, trainingStep } from '../support/training-words.ts';
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
  await page.getByRole('radio', { name: 'Behind a server', exact: true }).check();
  await page.locator('#field-teacher-server-url').fill(server.url);
  await page.getByText('A key that it wants is given in the environment variable').waitFor();
  expect(server.got).toEqual([]);
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  // Nothing is sent before the person allows it.
  await page.getByRole('dialog', { name: 'Allow this?', exact: true }).getByText(server.url).waitFor();
  expect(server.got).toEqual([]);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByText('those of the student').waitFor();
  await page.getByText('the 17 likeliest tokens').waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  await step('Review');
  await page.getByText('Nothing is missing').waitFor();
  await page.getByRole('button', { name: 'Start the run', exact: true }).click();
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
  await page.getByRole('button', { name: 'Hand over …', exact: true }).click();
  await choose(app.folder);
  await page.getByLabel('Name', { exact: true }).last().fill('handed');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/is ready: 40 examples to learn from, \d+ held out/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  const handed = join(app.folder, 'handed');
  expect(await readdir(handed)).toEqual(expect.arrayContaining(['README.md', 'accelerate', 'data', 'requirements.txt', 'run', 'train.py']));

  const run = (...parts: string[]): string => join(handed, 'run', ...parts);
  const tell = (...events: object[]): Promise<void> => appendFile(run('events.jsonl'), events.map((event) => `${JSON.stringify({ at: Date.now(), ...event })}\n`).join(''));
  const saved = async (step: number): Promise<object> => {
    await cp(project.student, run('checkpoints', `step-${step}`, 'model'), { recursive: true });
    await writeFile(run('checkpoints', `step-${step}`, 'state.json'), '{"engine":"TRL"}\n');
    return { event: 'checkpoint', step, path: `checkpoints/step-${step}` };
  };
  const evaluated = async (step: number): Promise<object> => {
    const lines = (await readFile(join(handed, 'data', 'validation.jsonl'), 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { prompt: string; reference: string });
    await mkdir(run('evaluations'), { recursive: true });
    await writeFile(run('evaluations', `step-${step}.jsonl`), lines.map(({ prompt, reference }, place) => `${JSON.stringify({ place, prompt, reference, tokens: 4, loss: 2, divergence: 1 / (step + 1), written: [5] })}\n`).join(''));
    return { event: 'evaluation', step, path: `evaluations/step-${step}.jsonl` };
  };
  const status = (text: string): Promise<void> => page.locator('.status').getByText(text, { exact: true }).waitFor();

  // Followed before it begins, and opened again by its folder while it trains.
  await page.getByRole('button', { name: 'Follow it here', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  await status('not begun');
  await page.getByText('TRL, which has not begun yet').waitFor();
  await tell(trainingStarted(0, 4), await evaluated(0), trainingStep(1, 2));
  await status('running');
  await app.show('runs');
  await page.getByRole('button', { name: 'Open a run folder …', exact: true }).click();
  await choose(handed);
  await page.getByRole('button', { name: 'Choose this folder', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  const address = /#\/(run\/[^/?]+)/.exec(page.url())![1]!;
  const charts = page.getByRole('figure');
  await status('running');
  await page.getByText('TRL 1.16.0, 2 processes on CPU').waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  // It goes on, and the page with it.
  await tell({ event: 'rollouts', rollouts: [{ step: 2, example: 3, prompt: '1+2=', tokens: [5, 1], divergence: [0.25, null], ended: true }] }, trainingStep(2, 1.5), await evaluated(2), await saved(2));
  await page.getByRole('button', { name: 'Export …', exact: true }).waitFor();
  await expect.poll(() => charts.count()).toBeGreaterThan(3);
  await page.getByRole('tab', { name: /^Log/ }).click();
  await page.getByText('Checkpoint at step 2.').waitFor();
  await page.getByRole('tab', { name: 'Rollouts', exact: true }).click();
  await page.getByText('1+2=').first().waitFor();

  // It dies without a word.
  const yesterday = new Date(Date.now() - 86_400_000);
  await utimes(run('events.jsonl'), yesterday, yesterday);
  await status('interrupted');
  await page.getByText('its process has died, or its machine does not reach the folder').waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  // It is started again in its own folder, and comes to its end.
  await tell(trainingStarted(2, 4), trainingStep(3, 1));
  await status('running');
  await tell(trainingStep(4, 0.5), await evaluated(4), await saved(4), { event: 'done', step: 4, path: 'checkpoints/step-4' });
  await status('done');
  expect(await app.client.call('runs.list', null)).toMatchObject([{ status: 'done', lastStep: 4, checkpoint: { step: 4 }, engine: { name: 'TRL' } }, { status: 'done', engine: null }]);

  // What lies there is a run like any other.
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL(/#\/compare\/.+/);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await app.show(address);
  await page.getByRole('button', { name: 'Mistakes', exact: true }).click();
  await page.waitForURL(/#\/mistakes\/.+/);
  await page.getByRole('status').filter({ hasText: '6 samples' }).waitFor();
  await app.show(address);
  await page.getByRole('button', { name: 'Export …', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: /^Export / });
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await page.waitForURL(/#\/export\/\d+/);
  expect(app.complaints).toEqual([]);
});
