import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { number } from '../../src-renderer/format.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { takeOffFilters } from './support/filters.ts';
import { shortRun } from './support/sample-project.ts';

let app: App;
let page: Page;
let runId: string;

beforeAll(async () => {
  app = await openApp();
  page = app.page;
  runId = await shortRun(app, 8);
});
afterAll(() => app.close());

const strip = () => page.getByRole('listbox', { name: 'The student\'s text', exact: true });
const rows = () => page.getByRole('table', { name: 'Samples', exact: true }).locator('tbody tr[aria-rowindex]');
const chosenToken = (): Promise<string | null> => strip().getByRole('option', { selected: true }).getAttribute('aria-label');

it('comes from a finished run to its worst fork with two clicks', async () => {
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Mistakes', exact: true }).click();
  await page.getByRole('status').filter({ hasText: '200 samples' }).waitFor();
  await page.getByRole('button', { name: 'Worst fork', exact: true }).click();
  await strip().waitFor();
  await eventually(chosenToken).toContain(', fork, divergence');
  const { id } = (await app.client.call('inspections.list', null))[0]!;
  const { samples: [worst] } = await app.client.call('inspections.samples', { id, order: 'fork', descending: true, divergence: 'jsd', filter: {}, offset: 0, limit: 1 });
  await page.waitForURL((url) => url.hash === `#/mistakes/${id}/${worst!.id}/${worst!.worstFork!.position}`);
  expect(await seriousFindings(page)).toEqual([]);
});

it('shows what both models would have chosen there, and how they would go on', async () => {
  const teacher = page.getByRole('group', { name: 'Teacher\'s top choices', exact: true });
  await teacher.getByRole('button').first().waitFor();
  await page.getByText('The teacher goes on').waitFor();
  const { wanted } = (await currentSample()).forks.find(({ position }) => page.url().endsWith(`/${position}`))!;
  await eventually(() => teacher.getByRole('button').first().locator('code').textContent()).toBe(wanted);
  // Another choice for the student to go on after.
  const other = page.getByRole('group', { name: 'Student\'s top choices', exact: true }).getByRole('button').nth(1);
  const text = await other.locator('code').textContent();
  await other.click();
  await eventually(() => page.locator('dt', { hasText: 'The student, after' }).textContent()).toContain(text);
});

it('moves between tokens, forks and samples by keyboard alone', async () => {
  const { id } = (await app.client.call('inspections.list', null))[0]!;
  await app.show(`mistakes/${id}`);
  await rows().first().waitFor();
  // It begins at the worst of them.
  await strip().waitFor();
  await page.waitForURL(/#\/mistakes\/[^/]+\/\d+/);
  const first = page.url();
  await page.keyboard.press('j');
  await eventually(async () => page.url()).not.toBe(first);
  await page.keyboard.press('k');
  await eventually(async () => page.url()).toBe(first);
  const { forks, tokens } = await currentSample();
  const at = (): number => Number(page.url().split('/').at(-1));
  await strip().getByRole('option', { selected: true }).focus();
  // The page's address reaches the test a little after the page.
  const isAt = (position: number): Promise<void> => eventually(async () => at()).toBe(position);
  await page.keyboard.press('Home');
  await isAt(0);
  await page.keyboard.press('ArrowRight');
  await isAt(1);
  await page.keyboard.press('End');
  await isAt(tokens.length - 1);
  await page.keyboard.press('Home');
  await isAt(0);
  for (const { position } of forks.filter((fork) => fork.position > 0)) {
    await page.keyboard.press('l');
    await isAt(position);
  }
  // From the table: Tab stops at one row, the arrows choose another.
  await page.getByRole('table', { name: 'Samples', exact: true }).locator('button[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await eventually(() => page.locator('tr.chosen').getAttribute('aria-rowindex')).toBe('3');
});

it('filters by what is clicked in the distributions, and takes that back', async () => {
  const before = await total();
  await page.getByRole('group', { name: 'Forks by kind', exact: true }).getByRole('button').nth(1).click();
  await eventually(total).toBeLessThan(before);
  const after = await total();
  await page.getByRole('group', { name: 'Forks by position', exact: true }).getByRole('button').nth(3).click();
  await eventually(total).toBeLessThan(after);
  await page.getByLabel('Search samples', { exact: true }).fill('no text has this');
  await page.getByText('No sample meets this.').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await takeOffFilters(page);
  await eventually(total).toBe(before);
  await page.getByRole('combobox', { name: 'Divergence', exact: true }).selectOption('reverse_kl');
  await page.getByRole('combobox', { name: 'Sort by', exact: true }).selectOption('divergence');
  const { id } = (await app.client.call('inspections.list', null))[0]!;
  const { samples } = await app.client.call('inspections.samples', { id, order: 'divergence', descending: true, divergence: 'reverse_kl', filter: {}, offset: 0, limit: 200 });
  const divergences = samples.map(({ divergence }) => divergence);
  expect(divergences).toEqual(divergences.toSorted((a, b) => b - a));
  // Those around the sample chosen, wherever it stands in this order.
  await eventually(async () => {
    const shown = await rows().evaluateAll((all) => all.map((row) => [Number(row.getAttribute('aria-rowindex')) - 2, row.children[2]?.textContent] as const));
    return shown.length > 1 && shown.every(([at, text]) => text === number(divergences[at]!));
  }).toBe(true);
});

it('shows the same prompt at other times of training, with the forks repaired and new', async () => {
  const before = page.url();
  await page.getByRole('button', { name: 'Worst fork', exact: true }).click();
  await page.waitForURL((url) => url.href !== before);
  // What is opened beside the one before it goes with that.
  const { example } = await currentSample();
  await eventually(() => page.getByRole('region', { name: 'Sample', exact: true }).locator('.facts').textContent()).toMatch(new RegExp(`^row ${example + 1}[,;]`));
  await page.getByText('The same prompt over training').click();
  await page.getByRole('heading', { name: 'checkpoint 8', exact: true }).waitFor();
  await eventually(() => page.getByRole('heading', { level: 3 }).filter({ hasText: /before training|checkpoint/ }).allTextContents()).toEqual(['before training ', 'checkpoint 4 ', 'checkpoint 8 ']);
  await eventually(() => page.locator('.changes').count()).toBe(3);
  expect(await seriousFindings(page)).toEqual([]);
});

it('keeps a correction, uses it in a new run, and sees that it was learned', async () => {
  await page.getByRole('button', { name: 'Keep a correction …', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Keep a correction', exact: true });
  await dialog.waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  const { prompt } = await currentSample();
  // What the teacher would have written from the first fork on, not from the one looked at.
  await dialog.getByRole('button', { name: 'The teacher from the first fork', exact: true, pressed: true }).waitFor();
  const completion = await dialog.getByLabel('What it should have written', { exact: true }).inputValue();
  await dialog.getByLabel('Data set', { exact: true }).fill('Arithmetic');
  await dialog.getByRole('button', { name: 'Keep', exact: true }).click();
  await page.getByRole('button', { name: 'Use in a new run', exact: true }).click();
  await page.waitForURL(/#\/new\/.+/);
  await page.getByText('Learns the correction of “Arithmetic”, each read 40 times').waitFor();
  await page.getByText('Nothing is missing').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Start the run', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  const started = page.url().split('/').at(-1)!;
  await app.client.ended(started);
  const run = await app.client.call('runs.get', { runId: started });
  expect(run).toMatchObject({ status: 'done', error: null });
  expect(run.recipe.method.preset).toBe('sft');
  expect(readFileSync(run.recipe.data.train, 'utf8')).toContain(JSON.stringify({ prompt, completion }).slice(1, -1));
  await page.getByRole('button', { name: 'See what it writes now', exact: true }).click();
  await page.getByText('1 of 1 as corrected').waitFor();
  await eventually(() => page.getByRole('region', { name: 'Corrections', exact: true }).locator('code').allTextContents()).toEqual([prompt, expect.any(String), completion]);
  expect(await seriousFindings(page)).toEqual([]);
  await app.show('mistakes');
  await page.getByRole('button', { name: 'Arithmetic', exact: true }).click();
  await page.getByText(completion).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('inspects what was written in training, asked for on its own screen', async () => {
  await page.getByRole('button', { name: 'New inspection', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'New inspection', exact: true });
  await dialog.getByLabel('Whose mistakes', { exact: true }).selectOption('sample, gkd');
  await dialog.getByLabel('Which text', { exact: true }).selectOption('rollouts');
  await dialog.getByLabel('At most so many texts', { exact: true }).fill('24');
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Inspect', exact: true }).click();
  await page.getByRole('status').filter({ hasText: '24 samples' }).waitFor();
  await page.getByText(/rollouts of training/).waitFor();
  expect(app.complaints).toEqual([]);
});

async function total(): Promise<number> {
  const text = await page.getByRole('status').filter({ hasText: /samples?$/ }).textContent();
  return Number(text!.replace(/\D/g, ''));
}

function currentSample(): ReturnType<typeof app.client.call<'inspections.sample'>> {
  const [, sampleId] = /#\/mistakes\/[^/]+\/(\d+)/.exec(page.url())!;
  return app.client.call('inspections.sample', { sampleId: Number(sampleId) });
}
