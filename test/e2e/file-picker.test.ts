import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

let app: App;
beforeAll(async () => {
  app = await openApp();
  await writeFile(join(app.folder, 'questions.csv'), 'question,answer\nWhy?,because\n');
});
afterAll(() => app.close());

it('lets a path be typed over the one that stands there, which a folder that opens meanwhile replaces', async () => {
  const { page } = app;
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => { goOn = resolve; });
  await page.route('**/api/call', async (route) => {
    if (route.request().postData()?.includes('files.list')) await held;
    await route.continue();
  });
  await app.show('new');
  await page.getByRole('button', { name: 'Choose a file …', exact: true }).first().click();
  const field = page.getByLabel('Folder', { exact: true });
  await field.selectText();
  goOn();
  await page.getByRole('button', { name: 'Home', exact: true }).waitFor();
  await eventually(() => field.inputValue()).not.toBe('~');
  await page.keyboard.insertText(app.folder);
  expect(await field.inputValue()).toBe(app.folder);
  await field.press('Enter');
  await page.getByRole('button', { name: /questions\.csv/ }).waitFor();
});
