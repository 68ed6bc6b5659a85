import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../src-main/report/write-report.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { createRun, findRun } from '../../src-main/store/runs.ts';
import { seedHostileRun, seedInspection } from '../report/report-fixture.ts';
import { recipe } from '../store/fixtures.ts';
import { PATIENCE } from '../support/patience.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';

describe.each(['light', 'dark'] as const)('the file of a report, opened offline in the %s theme', (colorScheme) => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const requests: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'retort-report-'));
    const database = await openHistory(join(folder, 'retort.sqlite'));
    await seedHostileRun(database, 30);
    await seedInspection(database);
    const to = join(folder, 'report.html');
    await writeReport(database, await findRun(database, 'h'), to, { replace: false });
    await database.close();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'], timeout: PATIENCE });
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme, offline: true });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => { complaints.push(dialog.message()); void dialog.dismiss(); });
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(to).href);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('loads nothing, runs nothing and has nothing to complain of', () => {
    expect(complaints).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatch(/^file:/);
  });

  it('shows charts and strips that can be read', async () => {
    const loss = page.getByRole('img', { name: /^Loss \(nats\) by step/ });
    await loss.waitFor();
    expect((await loss.boundingBox())!.width).toBeGreaterThan(300);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(252, 252, 251)' : 'rgb(20, 24, 26)');
    // A line is drawn, not filled.
    expect(await loss.locator('polyline').first().evaluate((line) => [getComputedStyle(line).fill, getComputedStyle(line).strokeWidth])).toEqual(['none', '1.75px']);
    // What is coloured is also barred: the higher, the further from the teacher.
    const strip = page.locator('.strip').first();
    expect(await strip.locator('.token').first().evaluate((token) => getComputedStyle(token).backgroundSize)).toMatch(/^100% \dpx$/);
    expect(await strip.locator('.fork').innerText()).toContain('4');
    // Numbers are folded away and unfold without a script.
    const figure = page.getByRole('figure', { name: 'Loss', exact: true });
    await figure.locator('summary').click();
    expect(await figure.getByRole('row').count()).toBe(31);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  });

  it('has no serious findings with everything unfolded', async () => {
    await page.evaluate(() => { for (const details of document.querySelectorAll('details')) details.open = true; });
    expect(await seriousFindings(page)).toEqual([]);
  });
});

describe('the page of a run', () => {
  let app: App;
  beforeAll(async () => {
    app = await openApp();
    const database = await openHistory(join(app.home, 'retort.sqlite'));
    await createRun(database, { id: 'a', name: 'My run', recipe: { ...recipe, name: 'My run' }, runDir: join(app.folder, 'run') });
    await database.run("UPDATE runs SET status = 'done'");
    await database.close();
  });
  afterAll(() => app.close());

  it('saves the report to a file, and replaces one only where the person says so', async () => {
    const { page } = app;
    const save = async (name?: string): Promise<void> => {
      await page.getByRole('button', { name: 'Save report', exact: true }).click();
      await page.getByLabel('Folder', { exact: true }).fill(app.folder);
      // A dialog that opens takes the focus to its own first field.
      await page.getByLabel('Folder', { exact: true }).press('Enter');
      if (name !== undefined) await page.getByLabel('Name', { exact: true }).fill(name);
      expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(name ?? 'my-run.html');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
    };
    await app.show('run/a');
    await page.reload();
    const file = join(app.folder, 'my-run.html');
    await save();
    await page.getByText(`Saved as ${file}.`).waitFor();
    expect(await readFile(file, 'utf8')).toContain('<h1>My run');
    await page.getByRole('region', { name: 'Notices', exact: true }).getByRole('button', { name: 'Close', exact: true }).click();
    await save();
    await page.getByText(`${file} is there already.`).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Replace it', exact: true }).click();
    await page.getByText(`Saved as ${file}.`).waitFor();

    await writeFile(join(app.folder, 'mine.html'), 'mine');
    await save('mine.html');
    await page.getByRole('button', { name: 'Replace it', exact: true }).click();
    await page.getByText('is not the report of a run').waitFor();
    expect(await readFile(join(app.folder, 'mine.html'), 'utf8')).toBe('mine');
    expect(app.complaints).toEqual([]);
  });
});
