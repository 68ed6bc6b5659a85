import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { resource } from '../../src-main/service/resources.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { addModel } from './support/sample-project.ts';

/** A teacher whose tokens are others than the student's, by the window: picked, refused where it cannot be, trained by, looked at. */
let app: App;
let page: Page;
let teacher: string;
let student: string;
let runId: string;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  teacher = join(app.folder, 'longer');
  student = join(app.folder, 'student');
  await cp(join(import.meta.dirname, '../fixtures/other-tokens/teacher'), teacher, { recursive: true });
  await app.client.call('models.add', { path: teacher, name: 'longer' });
  await addModel(app, 'student', 'student');
});
afterAll(() => app.close());

const recipe = (changes: Partial<RecipeInput> = {}): RecipeInput => ({
  name: 'longer tokens', seed: 3, teacher: { model: teacher }, student: { model: student },
  data: { train: resource('sample', 'train.jsonl'), validation: resource('sample', 'dev.jsonl'), prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 56, fraction: 0.05 },
  method: { preset: 'gkd', lambda: 0.5, divergence: 'forward_kl' }, train: { steps: 6, batchSize: 8, learningRate: 1e-3 },
  evaluate: { every: 3, metrics: ['accuracy'], examples: 6 }, checkpoint: { every: 3, keep: 3 }, ...changes,
});

/** Opens a draft at its last step. */
async function review(name: string, changes: Partial<RecipeInput>): Promise<void> {
  const { id } = await app.client.call('drafts.save', { id: null, title: name, page: 'review', recipe: recipe(changes), touched: true });
  await app.show(`new/${id}`);
  await page.getByRole('button', { name: /^4 Review/ }).click();
}

it('says of the pair in the wizard what is compared, and what needs one tokenizer', async () => {
  const { teacher: _, ...alone } = recipe();
  const { id } = await app.client.call('drafts.save', { id: null, title: 'pair', page: 'models', recipe: alone, touched: true });
  await app.show(`new/${id}`);
  await page.getByRole('button', { name: /^2 Models/ }).click();
  await page.locator('#choose-teacher').selectOption({ label: 'longer (llama)' });
  await page.getByText('The tokenizers differ: the two are compared by the text that their tokens are.').waitFor();
  await page.getByText('16 tokens say the same in both').waitFor();
  await page.getByText('MiniLLM, the metric acceptance, learning every turn of a conversation and handing over need one tokenizer.').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: /^4 Review/ }).click();
  await page.getByText('On train.jsonl the two are compared at 100% of the tokens').waitFor();
});

it.each<[string, Partial<RecipeInput>, string]>([
  ['minillm', { method: { preset: 'minillm' } }, 'lets the teacher write along at every token of the student'],
  ['acceptance', { evaluate: { metrics: ['acceptance'], examples: 4 } }, 'for which the teacher takes over the tokens that the student drafts'],
])('refuses %s before the run, by its reason', async (name, changes, said) => {
  await review(name, changes);
  await page.getByText(said).first().waitFor();
  await eventually(() => page.getByRole('button', { name: 'Start the run', exact: true }).isEnabled()).toBe(false);
});

it('refuses to hand over where the file is chosen, and writes nothing', async () => {
  await review('handed', {});
  await page.getByRole('button', { name: 'Hand over …', exact: true }).click();
  await page.getByLabel('Folder', { exact: true }).fill(app.folder);
  await page.getByLabel('Folder', { exact: true }).press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: /^Save|^Choose|^Use/ }).last().click();
  await page.getByText('Teacher and student have different tokenizers, and TRL\'s GKD trainer compares tokens of one.').waitFor();
  expect(await readdir(app.folder)).not.toContain('handover');
});

it('trains to the end, and shows how much is compared and covered', async () => {
  await review('whole', {});
  await page.getByRole('button', { name: 'Start the run', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  runId = /#\/run\/([^/]+)/.exec(page.url())![1]!;
  await expect.poll(async () => (await app.client.call('runs.get', { runId })).status).toBe('done');
  for (const title of ['Known of the teacher', 'Compared']) await page.getByRole('group', { name: new RegExp(`^${title} by `) }).waitFor();
  const steps = await app.client.call('runs.steps', { runId, after: 0, limit: 20 });
  expect(steps).toHaveLength(6);
  for (const { teacherCompared, teacherCovered } of steps) expect(teacherCompared! > 0.4 && teacherCompared! <= 1 && teacherCovered! > 0 && teacherCovered! < 1).toBe(true);
  expect(await seriousFindings(page)).toEqual([]);
});

it('looks at its mistakes in the student\'s tokens, with what the teacher thinks of them', async () => {
  await page.getByRole('button', { name: 'Mistakes', exact: true }).click();
  await page.getByRole('status').filter({ hasText: /samples/ }).waitFor();
  await page.getByRole('button', { name: 'Worst fork', exact: true }).click();
  const strip = page.getByRole('listbox', { name: 'The student\'s text', exact: true });
  await strip.waitFor();
  await page.getByRole('group', { name: 'Teacher\'s top choices', exact: true }).getByRole('button').first().waitFor();
  await page.getByText('The teacher goes on').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('compares the answers of both, each read in its own tokens', async () => {
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.waitForURL(/#\/compare\/.+/);
  const rows = page.getByRole('table', { name: 'Answers', exact: true }).locator('tbody tr');
  await rows.first().waitFor();
  await eventually(() => rows.first().locator('td .text').first().textContent()).toMatch(/^\d+[+-]\d=\d+;.*#\d+$/);
  expect(await seriousFindings(page)).toEqual([]);
});

it('talks to both side by side', async () => {
  await app.show('chat');
  await page.getByLabel('Add a model', { exact: true }).selectOption({ label: 'longer' });
  await page.getByLabel('Add a model', { exact: true }).selectOption({ label: 'student' });
  await page.getByText('How they answer').click();
  await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).fill('48');
  await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).blur();
  await page.getByLabel('What to say', { exact: true }).fill('10+4+2+6-9+2=');
  await page.keyboard.press('Enter');
  const turn = page.getByRole('region', { name: 'Turn 1', exact: true });
  await turn.getByRole('button', { name: 'Again', exact: true }).nth(1).waitFor();
  for (const [name, model] of [['longer', teacher], ['student', student]] as const) {
    const { text } = await app.client.call('models.generate', { model, prompt: '10+4+2+6-9+2=', chat: false, maxNewTokens: 48, decode: {}, seed: 0 });
    await eventually(() => turn.getByRole('article', { name, exact: true }).locator('.text').textContent()).toBe(text);
  }
  expect(app.complaints).toEqual([]);
});
