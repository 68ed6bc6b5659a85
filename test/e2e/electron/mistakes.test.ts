import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportReport } from '../../../src-main/contract/export-report.ts';
import { sampleRecipe } from '../../../src-main/service/sample.ts';
import { requires } from '../../support/requires.ts';
import { call, Desktops } from './desktops.ts';
import { freshHome, type Desktop } from './launch.ts';

requires('display', 'electron')('from a finished run on, in a real Electron window', () => {
  let desktops: Desktops;
  let folder: { home: string; remove(): Promise<void> };
  let desktop: Desktop;
  let runId: string;
  beforeAll(async () => {
    desktops = await Desktops.prepare();
    folder = await freshHome();
    desktop = await desktops.open(folder.home);
    // A run of the sample project, short: its student has not lost its faults yet.
    const recipe = await sampleRecipe('gkd', { seed: 0, steps: 4 });
    ({ runId } = await call(desktop.page, 'runs.start', {
      recipe: { ...recipe, evaluate: { ...recipe.evaluate, examples: 8 }, data: { ...recipe.data, fraction: 0.05 }, checkpoint: { every: 4, keep: 1 } },
    }));
  });
  afterAll(async () => {
    desktops.remove();
    await folder.remove();
  });

  it('comes to its worst fork with three clicks, and shows what both models would have chosen', async () => {
    const { page } = desktop;
    await expect.poll(async () => (await call(page, 'runs.get', { runId })).status).toBe('done');
    const clicks = await page.evaluateHandle(() => {
      const counted = { clicks: 0 };
      addEventListener('click', () => { counted.clicks++; }, true);
      return counted;
    });
    await page.getByRole('link', { name: 'sample, gkd', exact: true }).click();
    await page.getByRole('button', { name: 'Mistakes', exact: true }).click();
    await page.getByRole('status').filter({ hasText: '200 samples' }).waitFor();
    await page.getByRole('button', { name: 'Worst fork', exact: true }).click();
    const strip = page.getByRole('listbox', { name: 'The student\'s text', exact: true });
    const teacher = page.getByRole('group', { name: 'Teacher\'s top choices', exact: true });
    const student = page.getByRole('group', { name: 'Student\'s top choices', exact: true });
    await teacher.waitFor();
    await expect.poll(() => strip.getByRole('option', { selected: true }).getAttribute('aria-label')).toContain(', fork, divergence');
    expect(await clicks.evaluate((counted) => counted.clicks)).toBeLessThanOrEqual(3);

    await strip.getByRole('option').first().click();
    await page.waitForURL(/\/0$/);
    const [judged] = await call(page, 'inspections.look', { sampleId: Number(page.url().split('/').at(-2)) });
    await expect.poll(() => teacher.locator('code').first().textContent()).toBe(judged!.teacherTop[0]!.text);
    await expect.poll(() => student.locator('code').first().textContent()).toBe(judged!.studentTop[0]!.text);
  });

  it('keeps the teacher\'s text as a correction, and a run from it learns it', async () => {
    const { page } = desktop;
    await page.getByRole('button', { name: 'Keep a correction …', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Keep a correction', exact: true });
    await dialog.getByRole('button', { name: 'The teacher from the first fork', exact: true, pressed: true }).waitFor();
    await dialog.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('button', { name: 'Use in a new run', exact: true }).click();
    await page.getByText('Learns the correction of “corrections”').waitFor();
    await page.getByText('Nothing is missing').waitFor();
    await page.getByRole('button', { name: 'Start the run', exact: true }).click();
    await page.waitForURL(/#\/run\/.+/);
    await page.getByRole('button', { name: 'See what it writes now', exact: true }).click();
    await page.getByText('1 of 1 as corrected').waitFor();
  });

  it('exports the run to a place chosen in the system\'s dialog, and shows the folder', async () => {
    const { page, electron } = desktop;
    const place = join(folder.home, 'chosen');
    await electron.evaluate(({ dialog, shell }, filePath) => {
      const kept = { revealed: [] as string[] };
      Object.assign(globalThis, { kept });
      Object.assign(dialog, { showSaveDialog: async () => ({ canceled: false, filePath }) });
      Object.assign(shell, { showItemInFolder: (path: string) => { kept.revealed.push(path); } });
    }, place);
    await page.evaluate((id) => { location.hash = `#/run/${id}`; }, runId);
    await page.getByRole('button', { name: 'Export …', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Export sample, gkd', exact: true });
    await dialog.getByRole('button', { name: 'Choose a place …', exact: true }).click();
    await expect.poll(() => dialog.getByLabel('Folder to make', { exact: true }).inputValue()).toBe(place);
    await dialog.getByRole('checkbox', { name: /^int8\b/ }).check();
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await page.waitForURL(/#\/export\/\d+/);
    await expect.poll(() => page.getByRole('table', { name: 'Precisions', exact: true }).locator('tbody th').allTextContents()).toEqual(['fp32onnx/model.onnx', 'int8onnx/model_quantized.onnx']);
    expect((await readdir(join(place, 'onnx'))).sort()).toEqual(['model.onnx', 'model_quantized.onnx']);
    expect((JSON.parse(await readFile(join(place, 'retort-export.json'), 'utf8')) as ExportReport).folder).toBe(place);
    await page.getByRole('button', { name: 'Show in the file manager', exact: true }).click();
    await expect.poll(() => electron.evaluate(() => (globalThis as unknown as { kept: { revealed: string[] } }).kept.revealed)).toEqual([place]);
  });
});
