import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';

/** A run of two stages in the window: where each began, in words and in the charts, and before the run in the wizard. */
let project: TinyProject;
let app: App;
beforeAll(async () => {
  project = await tinyProject();
  app = await openApp();
});
afterAll(async () => {
  await app.close();
  await project.remove();
});

const recipe = (): ReturnType<TinyProject['recipe']> => project.recipe({
  train: { batchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 2 },
  stages: [{ name: 'learn to write', method: { preset: 'sft' }, train: { steps: 3 } }, { name: 'distil', train: { steps: 5 } }],
});

it('tells where each stage began, and draws it in every chart', async () => {
  const { page, client } = app;
  // Nothing else of a chart is drawn with dashes in one's own colour from top to bottom.
  await page.addInitScript(() => {
    const context = CanvasRenderingContext2D.prototype;
    const { moveTo } = context;
    const marks: number[] = [];
    Object.assign(window, { marks });
    context.moveTo = function mark(x, y) {
      if (this.getLineDash().length > 0) marks.push(x);
      moveTo.call(this, x, y);
    };
  });
  const { runId } = await client.call('runs.start', { recipe: recipe() });
  await expect.poll(async () => (await client.call('runs.get', { runId })).status).toBe('done');
  await app.show(`run/${runId}`);
  await page.reload();
  const stages = page.getByRole('list', { name: 'Stages of the run' }).getByRole('listitem');
  await expect.poll(() => stages.allInnerTexts()).toEqual([expect.stringMatching(/^learn to write .*steps 1 to 3$/), expect.stringMatching(/^distil .*from step 4$/)]);
  await expect.poll(() => page.evaluate(() => (window as unknown as { marks: number[] }).marks.length)).toBeGreaterThan(0);
  expect(await seriousFindings(page)).toEqual([]);
  expect(app.complaints).toEqual([]);
});

it('shows the stages of a recipe in the wizard, and takes them out', async () => {
  const { page, client } = app;
  const { id } = await client.call('drafts.save', { id: null, title: 'stages', page: 'method', recipe: recipe(), touched: true });
  await app.show(`new/${id}`);
  await page.getByRole('button', { name: /^3 Method/ }).click();
  const stages = page.getByRole('region', { name: 'Stages' });
  await stages.getByText('learn to write').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Train in one part instead' }).click();
  await stages.waitFor({ state: 'detached' });
});
