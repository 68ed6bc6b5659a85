import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';

/** Stages in the window: where each began, in words and in the charts, and before the run in the wizard. */
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
  const stages = page.getByRole('list', { name: 'Stages of the run', exact: true }).getByRole('listitem');
  await expect.poll(() => stages.allInnerTexts()).toEqual([expect.stringMatching(/^learn to write .*steps 1 to 3$/), expect.stringMatching(/^distil .*steps 4 to 8$/)]);
  await expect.poll(() => page.evaluate(() => (window as unknown as { marks: number[] }).marks.length)).toBeGreaterThan(0);
  expect(await seriousFindings(page)).toEqual([]);
  expect(app.complaints).toEqual([]);
});

/** Opens a recipe's draft at the Method step. */
async function draftOf(recipe: RecipeInput): Promise<{ stages: () => Promise<RecipeInput['stages']> }> {
  const { client, page } = app;
  const { id } = await client.call('drafts.save', { id: null, title: 'stages', page: 'method', recipe: recipe, touched: true });
  await app.show(`new/${id}`);
  await page.getByRole('button', { name: /^3 Method/ }).click();
  await page.getByRole('region', { name: 'Stages', exact: true }).waitFor();
  return { stages: async () => ((await client.call('drafts.list', null)).find((draft) => draft.id === id)!.recipe as unknown as RecipeInput).stages };
}

const namesIn = async (draft: { stages: () => Promise<RecipeInput['stages']> }): Promise<string[]> => ((await draft.stages()) ?? []).map(({ name }) => name);

it('fine-tunes first by a switch, which comes back as it was left and over a reload', async () => {
  const { page } = app;
  const { stages: _, ...whole } = recipe();
  const draft = await draftOf({ ...whole, train: { ...whole.train, steps: 5 } });
  const first = page.getByLabel('Fine-tune the student first', { exact: true });
  await first.check();
  const steps = page.getByLabel('Steps of fine-tuning', { exact: true });
  await expect.poll(() => steps.inputValue()).toBe('200');
  await steps.fill('0');
  await page.getByText('0 does not fit here: a whole number above 0.').waitFor();
  await steps.fill('3');
  await first.uncheck();
  await expect.poll(() => draft.stages()).toBe(undefined);
  await first.check();
  await expect.poll(() => draft.stages()).toMatchObject([{ name: 'fine-tune', method: { preset: 'sft' }, train: { steps: 3 } }, { name: 'distil' }]);
  await page.reload();
  await expect.poll(() => steps.inputValue()).toBe('3');
  expect(await seriousFindings(page)).toEqual([]);

  await page.getByRole('button', { name: /^4 Review/ }).click();
  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  const rows = page.getByRole('table', { name: 'Time of each stage', exact: true }).getByRole('row');
  await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('Stage'), expect.stringMatching(/^fine-tune\s+3\s/), expect.stringMatching(/^distil\s+5\s/)]);
  await page.getByRole('button', { name: 'Start the run', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  await expect.poll(() => page.getByRole('list', { name: 'Stages of the run', exact: true }).getByRole('listitem').allInnerTexts())
    .toEqual([expect.stringMatching(/^fine-tune .*steps 1 to 3$/), expect.stringMatching(/^distil .*steps 4 to 8$/)]);
});

it('adds stages, moves them, takes them out and brings them back, all by keyboard too', async () => {
  const { page } = app;
  const draft = await draftOf(recipe());
  await page.getByRole('button', { name: 'Change the stages (Advanced)', exact: true }).click();
  await page.getByRole('button', { name: 'Add a stage', exact: true }).click();
  await expect.poll(() => page.locator('#field-stages-2-name').evaluate((input) => input === document.activeElement)).toBe(true);
  // What two stages are called in the middle of typing is told, and does no harm.
  await page.locator('#field-stages-2-name').fill('distil');
  await page.getByText('another stage is called so').first().waitFor();
  await page.locator('#field-stages-2-name').fill('by the end');
  await page.locator('#field-stages-2-method-preset').selectOption('on-policy-kd');
  const last = page.getByRole('region', { name: 'Stage 3 of 3', exact: true });
  await last.getByLabel('A number of steps', { exact: true }).check();
  await page.locator('#field-stages-2-train-steps').fill('4');
  await page.locator('#stage-2-up').focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => namesIn(draft)).toEqual(['learn to write', 'by the end', 'distil']);
  await page.keyboard.press('Enter');
  await expect.poll(() => namesIn(draft)).toEqual(['by the end', 'learn to write', 'distil']);
  // It is at the start, so that the button for the way back has the focus.
  await expect.poll(() => page.locator('#stage-0-down').evaluate((button) => button === document.activeElement)).toBe(true);
  await page.getByRole('button', { name: 'Remove “learn to write”', exact: true }).click();
  await expect.poll(() => namesIn(draft)).toEqual(['by the end', 'distil']);
  await page.keyboard.press('Enter');
  await expect.poll(() => namesIn(draft)).toEqual(['by the end', 'learn to write', 'distil']);
  expect((await draft.stages())![0]).toEqual({ name: 'by the end', method: { preset: 'on-policy-kd' }, train: { steps: 4 } });
  expect(await seriousFindings(page)).toEqual([]);

  // A problem of a stage leads to its field, folded away or not.
  await page.getByRole('region', { name: 'Stage 2 of 3', exact: true }).getByText('Its data').click();
  await page.locator('#field-stages-1-data-train').fill('/nowhere/rows.jsonl');
  await page.locator('#field-stages-1-data-train').press('Tab');
  await page.getByRole('button', { name: /^4 Review/ }).click();
  await page.getByRole('button', { name: 'Go to Stage 2: Training file', exact: true }).first().click();
  await expect.poll(() => page.locator('#field-stages-1-data-train').evaluate((input) => input === document.activeElement)).toBe(true);
  expect(app.complaints).toEqual([]);
});

it('advises on each stage, and takes the advice on one beside that on another', async () => {
  const { page } = app;
  const given = project.recipe({
    train: { batchSize: 4 }, evaluate: { examples: 2, metrics: ['exact-match'] }, checkpoint: { every: 50, keep: 2 },
    stages: [{ name: 'learn to write', method: { preset: 'sft' }, train: { steps: 250, learningRate: 3 } }, { name: 'distil', method: { preset: 'distillspec' }, train: { steps: 5, learningRate: 1e-3 } }],
  });
  const { id } = await app.client.call('drafts.save', { id: null, title: 'advised', page: 'review', recipe: given, touched: true });
  const stages = async (): Promise<RecipeInput['stages']> => ((await app.client.call('drafts.list', null)).find((draft) => draft.id === id)!.recipe as unknown as RecipeInput).stages;
  await app.show(`new/${id}`);
  await page.getByRole('button', { name: /^4 Review/ }).click();
  await page.getByRole('button', { name: 'Measure on a few rows', exact: true }).click();
  await page.getByRole('button', { name: 'Measure again', exact: true }).waitFor();
  const advice = page.getByRole('listitem').filter({ hasText: 'Stage "learn to write": The learning rate is too high for this student' });
  await advice.waitFor();
  for (const title of ['Stage “learn to write”, the recipe\'s student: what was measured', 'Stage “distil”, as the student is now: what the stages before make of it is yet to come: what was measured']) {
    await page.getByText(title).click();
    await page.getByRole('rowheader', { name: 'exact-match, student', exact: true }).last().waitFor();
  }
  expect(await seriousFindings(page)).toEqual([]);
  // What is known of a stage without measuring is mended above; what was measured of another stays as it was told.
  await page.getByRole('listitem').filter({ hasText: 'Stage "distil":' }).getByRole('button', { name: 'Make 200', exact: true }).click();
  await expect.poll(async () => (await stages())![1]!.train).toEqual({ steps: 200, learningRate: 1e-3 });
  await page.getByText('The recipe has changed since; measure again.').waitFor();
  await advice.getByRole('button', { name: /^Use / }).click();
  await expect.poll(async () => (await stages())![0]!.train!.learningRate).toBeLessThan(3);
  expect(await stages()).toMatchObject([{ name: 'learn to write', method: { preset: 'sft' }, train: { steps: 250 } }, { name: 'distil', method: { preset: 'distillspec' }, train: { steps: 200, learningRate: 1e-3 } }]);
  await page.getByRole('button', { name: 'Measure again', exact: true }).click();
  await expect.poll(() => advice.count()).toBe(0);
  expect(app.complaints).toEqual([]);
});
