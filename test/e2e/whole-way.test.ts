import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requires } from '../support/requires.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

/** What a person does who has just opened Retort for the first time and wants the sample's student in llama.cpp. */
requires('llama')('the way of a new user', () => {
  let app: App;
  let page: Page;
  beforeAll(async () => {
    app = await openApp();
    page = app.page;
  });
  afterAll(() => app.close());

  it('goes from the empty window by the sample project to a GGUF file that was opened in llama.cpp', async () => {
    app.slow.behind(5);
    await page.getByRole('button', { name: 'Run the sample project', exact: true }).click();
    // It need not be whole: what is saved is what is taken along.
    await page.getByRole('progressbar').first().waitFor();
    await eventually(async () => (await app.client.call('runs.live', null)).live[0]?.step ?? 0).toBeGreaterThan(2);
    await page.getByRole('button', { name: 'Stop and save', exact: true }).click();
    await page.getByRole('button', { name: 'Export …', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: /^Export / });
    await dialog.getByRole('checkbox', { name: /^fp32\b/ }).uncheck();
    for (const type of ['f16', 'q8_0']) await dialog.getByRole('checkbox', { name: new RegExp(`^${type}\\b`) }).check();
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await page.waitForURL(/#\/export\/\d+/);

    await page.getByText(/^Opened in llama\.cpp .*by node-llama-cpp \d/).waitFor();
    const rows = page.getByRole('table', { name: 'GGUF files', exact: true }).locator('tbody tr');
    await eventually(() => rows.count()).toBe(2);
    const [exported] = await app.client.call('exports.list', null);
    const { report } = exported!;
    const half = report.gguf!.find(({ type }) => type === 'f16')!;
    expect(half.opened).toMatchObject({ agreeing: 1, faults: [] });
    await eventually(() => rows.first().textContent()).toContain('100%');
    expect(await page.getByText('retort reproduce ').textContent()).toBe(`retort reproduce ${exported!.folder}`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    }
  });

  it('talks to the file on the Chat page, and gets the words of the trained student', async () => {
    const [exported] = await app.client.call('exports.list', null);
    const file = exported!.report.gguf!.find(({ type }) => type === 'q8_0')!.file.name;
    await page.getByRole('button', { name: `Talk to it ${file}`, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Chat', exact: true }).waitFor();
    const model = join(exported!.folder, file);
    expect(existsSync(model)).toBe(true);
    await page.getByText('How they answer').click();
    await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).fill('48');
    await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).blur();
    await page.getByLabel('What to say', { exact: true }).fill('10+4+2+6-9+2=');
    await page.keyboard.press('Enter');
    const said = page.getByRole('region', { name: 'Turn 1', exact: true }).getByRole('article').locator('.text');
    await page.getByRole('region', { name: 'Turn 1', exact: true }).getByRole('button', { name: 'Again', exact: true }).waitFor();
    const asked = { prompt: '10+4+2+6-9+2=', chat: false, maxNewTokens: 48, decode: {}, seed: 0 };
    await eventually(() => said.textContent()).toBe((await app.client.call('models.generate', { model, ...asked })).text);
    expect(await said.textContent()).toContain('10+4=14;');
    expect(await seriousFindings(page)).toEqual([]);
    // It is a model like any other from now on.
    expect((await app.client.call('models.list', null)).map(({ path }) => path)).toContain(model);
    const card = await readFile(join(exported!.folder, 'README.md'), 'utf8');
    expect(card).toContain('## In llama.cpp');
    expect(app.complaints).toEqual([]);
  });
});
