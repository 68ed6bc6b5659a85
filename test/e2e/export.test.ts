import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '../../src-main/contract/api/feed.ts';
import type { ExportReport } from '../../src-main/contract/export-report.ts';
import type { KnownExport } from '../../src-renderer/state/exports.svelte.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { openFakeApp } from './support/fake-app.ts';
import { fakeRun, fakeSeries } from './support/fake-studio.ts';
import { addModel, shortRun } from './support/sample-project.ts';

let app: App;
let page: Page;
let runId: string;

beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await addModel(app, 'student', 'Small one');
  runId = await shortRun(app, 4);
});
afterAll(() => app.close());

const dialog = (): Locator => page.getByRole('dialog', { name: /^Export / });
const folder = (): Locator => dialog().getByLabel('Folder to make', { exact: true });
const precisions = (): Locator => page.getByRole('table', { name: 'Precisions', exact: true });
const list = (): Locator => page.getByRole('table', { name: 'Exports', exact: true });
/** Of a family that ONNX Runtime GenAI does not know, just below what is stated, and moved since. */
const FALLEN_SHORT: KnownExport = {
  id: 3, run: null, step: null, created: 1, source: '/models/t5', folder: '/exports/t5', precision: 'int4', bytes: 5000, isThere: false,
  report: {
    folder: '/exports/t5', parameters: 1000, bytes: 5000, safetensors: null, genai: null, measuredOn: { kind: 'own', texts: 1, tokens: 9 }, trainedPerplexity: 2,
    precisions: [{ precision: 'int4', files: [{ name: 'onnx/model_q4.onnx', bytes: 5000 }], bytes: 5000, maxLogitDifference: 9, meanLogitDifference: 1, topAgreement: 0.84999, keeps: false, perplexity: 3, tokenMs: null }],
    samples: [{ prompt: 'A', trained: 'one two', exported: { int4: 'one three' } }],
  },
};
const reportIn = async (place: string): Promise<ExportReport> => JSON.parse(await readFile(join(place, 'retort-export.json'), 'utf8')) as ExportReport;

it('exports a finished run in every precision, and shows how near each is', async () => {
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Export …', exact: true }).click();
  await eventually(() => folder().inputValue()).toBe(join(app.home, 'exports', 'sample-gkd'));
  await eventually(() => dialog().getByLabel('Checkpoint', { exact: true }).locator('option').allTextContents()).toEqual(['step 4, the last', 'step 2', 'before training']);
  for (const name of ['fp16', 'int8', 'int4', 'safetensors']) await dialog().getByRole('checkbox', { name: new RegExp(`^${name}\\b`) }).check();
  expect(await seriousFindings(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Export', exact: true }).click();
  // Four precisions are written, opened and measured.
  await page.waitForURL(/#\/export\/\d+/);

  const place = join(app.home, 'exports', 'sample-gkd');
  expect((await readdir(join(place, 'onnx'))).sort()).toEqual(['model.onnx', 'model_fp16.onnx', 'model_q4.onnx', 'model_quantized.onnx']);
  expect(await readdir(place)).toEqual(expect.arrayContaining(['README.md', 'config.json', 'genai_config.json', 'model.safetensors', 'tokenizer.json']));
  const report = await reportIn(place);
  await eventually(() => precisions().locator('tbody th').allTextContents()).toEqual(['fp32onnx/model.onnx', 'fp16onnx/model_fp16.onnx', 'int8onnx/model_quantized.onnx', 'int4onnx/model_q4.onnx']);
  // Whatever does not keep what is stated is named, and nothing else is.
  const short = report.precisions.filter(({ keeps }) => !keeps).map(({ precision }) => precision);
  await eventually(async () => (await page.getByText('does not keep what is stated').allTextContents()).map((text) => /int\d|fp\d+/.exec(text)![0])).toEqual(short);
  await page.getByText(`At ${report.measuredOn.tokens} tokens of 16 texts of the run's data.`, { exact: false }).waitFor();
  await page.getByText(`runs ${report.genai}`).waitFor();
  await page.getByText('model.safetensors, ').waitFor();
  await eventually(() => page.getByRole('definition').filter({ hasText: report.samples[0]!.trained }).count()).toBeGreaterThan(1);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFindings(page)).toEqual([]);
  }
  // The same after a reload.
  await page.reload();
  await eventually(() => precisions().locator('tbody tr').count()).toBe(4);
});

it('replaces an earlier export only when told to, and a person\'s own folder never', async () => {
  const place = join(app.home, 'exports', 'sample-gkd');
  await app.show(`run/${runId}`);
  await page.getByRole('button', { name: 'Export …', exact: true }).click();
  // A free place is offered.
  await eventually(() => folder().inputValue()).toBe(`${place}-2`);
  const own = join(app.folder, 'own');
  await mkdir(own);
  await writeFile(join(own, 'letter.txt'), 'mine');
  await folder().fill(own);
  await dialog().getByRole('button', { name: 'Export', exact: true }).click();
  const replace = dialog().getByRole('button', { name: 'Replace the earlier export', exact: true });
  await replace.click();
  await dialog().getByText('is not what Retort has written there').waitFor();
  expect(await readdir(own)).toEqual(['letter.txt']);

  const before = await reportIn(place);
  await folder().fill(place);
  await dialog().getByLabel('Checkpoint', { exact: true }).selectOption('step 2');
  await dialog().getByRole('button', { name: 'Export', exact: true }).click();
  await dialog().getByText('Something is in that place already.').waitFor();
  expect(await reportIn(place)).toEqual(before);
  await replace.click();
  await page.getByText(', step 2').waitFor();
  expect((await reportIn(place)).precisions.map(({ precision }) => precision)).toEqual(['fp32']);
  expect(await readdir(join(place, 'onnx'))).toEqual(['model.onnx']);
});

it('exports a model by keyboard alone', async () => {
  await app.show('models');
  const press = async (...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key); };
  /** Goes on with the Tab key until something of this name has the focus. */
  const tabTo = async (name: string): Promise<void> => {
    for (let tries = 0; tries < 80; tries++) {
      await page.keyboard.press('Tab');
      const label = await page.evaluate(() => {
        const at = document.activeElement as HTMLInputElement;
        return (at.labels?.[0] ?? at).textContent;
      });
      if (label?.replaceAll(/\s/g, '').startsWith(name.replaceAll(' ', ''))) return;
    }
    throw new Error(`No way to ${name} by keyboard.`);
  };
  await page.getByRole('article', { name: 'Small one', exact: true }).waitFor();
  await tabTo('More about Small one');
  await press('Enter');
  await tabTo('Export … Small one');
  await press('Enter');
  await eventually(() => folder().inputValue()).toBe(join(app.home, 'exports', 'small-one'));
  await tabTo('fp32');
  await press('Space');
  await eventually(() => dialog().getByRole('button', { name: 'Export', exact: true }).isDisabled()).toBe(true);
  await tabTo('int8');
  await press('Space');
  await tabTo('Export');
  await press('Enter');
  await page.waitForURL(/#\/export\/\d+/);
  await page.getByRole('heading', { name: 'Export small-one', exact: true }).waitFor();
  await page.getByText('that the model wrote itself').waitFor();
  expect(await readdir(join(app.home, 'exports', 'small-one', 'onnx'))).toEqual(['model_quantized.onnx']);
});

it('lists what was exported, and forgets it without touching its folder', async () => {
  await app.show('models');
  await eventually(() => list().locator('tbody th a').allTextContents()).toEqual(['small-one', 'sample-gkd', 'sample-gkd']);
  expect(await seriousFindings(page)).toEqual([]);
  await list().getByRole('button', { name: 'Forget small-one', exact: true }).click();
  await page.getByText('"small-one" is forgotten; its folder stays where it is.').waitFor();
  await eventually(() => list().locator('tbody th a').allTextContents()).toEqual(['sample-gkd', 'sample-gkd']);
  expect(await readdir(join(app.home, 'exports', 'small-one'))).toContain('retort-export.json');
  await list().getByRole('link', { name: 'sample-gkd', exact: true }).last().click();
  await page.getByText(', step 4').waitFor();
  // It was written over; what was measured then is still there.
  await eventually(() => precisions().locator('tbody tr').count()).toBe(4);
  expect(app.complaints).toEqual([]);
});

it('shows an export that goes on, cancels it, says why one has failed and where one falls short', async () => {
  const job = (state: Job['state'], done: number, message?: string): Job => (
    { id: 'job', kind: 'export', title: 'there', done, total: 4, rows: null, state, warnings: [], error: message === undefined ? null : { kind: 'failure', message, hint: null } as unknown as Job['error'] });
  let current: Job[] = [];
  const fake = await openFakeApp({
    'runs.list': () => [fakeRun()], 'runs.live': () => ({ live: [], jobs: current }), 'runs.series': () => fakeSeries(0, 1, []),
    'inspections.moments': () => [{ step: 0, path: '/models/student' }, { step: 99_800, path: '/there' }],
    'exports.place': () => ({ path: '/exports/there' }), 'jobs.cancel': () => null,
    'exports.list': () => [FALLEN_SHORT],
    'exports.start': () => {
      current = [job('going', 1)];
      return { jobId: 'job', to: '/exports/there', taken: false };
    },
  });
  const become = (state: Job): void => {
    current = [state];
    fake.studio.publish({ topic: 'jobs', jobs: current });
  };
  /** Begins an export, and waits until the page follows it: what becomes of it before is not said again. */
  const begin = async (): Promise<void> => {
    await fake.page.getByRole('button', { name: 'Export', exact: true }).click();
    await fake.page.getByRole('progressbar', { name: 'there, done', exact: true }).waitFor();
  };
  await fake.show('run/run-1');
  await fake.page.getByRole('button', { name: 'Export …', exact: true }).click();
  await begin();
  become(job('going', 3));
  await fake.page.getByText('75%').waitFor();
  expect(await seriousFindings(fake.page)).toEqual([]);
  await fake.page.getByRole('button', { name: 'Cancel there', exact: true }).click();
  await eventually(async () => fake.studio.calls).toContain('jobs.cancel');
  become(job('cancelled', 3));
  await fake.page.getByText('Cancelled. Nothing was written.').waitFor();
  await begin();
  become(job('failed', 2, 'The disk is full.'));
  await fake.page.getByRole('alert').getByText('The disk is full.').waitFor();
  // Who closes the dialog hears of it all the same.
  await begin();
  await fake.page.getByRole('button', { name: 'Close, and go on', exact: true }).click();
  await fake.page.getByRole('dialog').waitFor({ state: 'detached' });
  become(job('failed', 2, 'The memory is full.'));
  await fake.page.getByText('The memory is full.').waitFor();

  // What does not keep what is stated says so wherever it is shown.
  await fake.show('models');
  await fake.page.getByText('int4 falls short').waitFor();
  await fake.show('export/3');
  await fake.page.getByText('int4 does not keep what is stated of it: its first choice is the trained model\'s at 84.9% of tokens, where 85% are stated.').waitFor();
  await fake.page.getByText('Its folder is gone').waitFor();
  await fake.page.getByText('does not know this family').waitFor();
  expect(await seriousFindings(fake.page)).toEqual([]);
  await fake.close();
});
