import { cp, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KnownModel } from '../../src-main/contract/api/api.ts';
import { resource } from '../../src-main/service/resources.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

let app: App;
let page: Page;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await cp(resource('sample', 'teacher'), join(app.folder, 'teacher'), { recursive: true });
  await app.show('models');
});
afterAll(() => app.close());

const entry = (name: string): Locator => page.getByRole('article', { name, exact: true });
const known = (): Promise<KnownModel[]> => app.client.call('models.list', null);

it('says what belongs on an empty screen', async () => {
  await page.getByText('Teachers and students belong here').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('imports a folder where it lies and says what it is', async () => {
  await page.getByRole('button', { name: 'Import …', exact: true }).click();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByLabel('Model folder (Hugging Face layout) or GGUF file', { exact: true }).fill(join(app.folder, 'nowhere'));
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByRole('alert').getByText('nowhere').waitFor();
  await page.getByLabel('Model folder (Hugging Face layout) or GGUF file', { exact: true }).fill(join(app.folder, 'teacher'));
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await entry('teacher').getByText('llama, 2.22M parameters, 5 layers, context of 96, byte-level BPE with 17 tokens, fp16').waitFor();
  await entry('teacher').getByRole('button', { name: 'More about teacher', exact: true }).click();
  await entry('teacher').getByText('96 tokens').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('lets a model write', async () => {
  await entry('teacher').getByLabel('Prompt', { exact: true }).fill('10+4+2+6-9+2=');
  await entry('teacher').getByRole('button', { name: 'Write', exact: true }).click();
  await entry('teacher').getByText('10+4=14;', { exact: false }).waitFor();
});

it('makes a draft for a model, and prepares the run that trains it up to its prompts', async () => {
  await entry('teacher').getByRole('button', { name: 'Make a draft …', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Make a draft for teacher', exact: true });
  await dialog.getByText('2 of 5 layers').waitFor();
  await dialog.getByLabel('Width', { exact: true }).fill('90');
  await dialog.getByRole('button', { name: 'Make the draft', exact: true }).click();
  expect(await dialog.getByLabel('Width', { exact: true }).evaluate((field: HTMLInputElement) => field.validity.stepMismatch)).toBe(true);
  await dialog.getByLabel('Width', { exact: true }).fill('96');
  await dialog.getByText('2 of 5 layers, about 223k of 2.22M parameters').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Make the draft', exact: true }).click();
  await page.waitForURL(/#\/new/);
  const [draft] = await app.client.call('drafts.list', null);
  const made = (await known()).find(({ name }) => name === 'teacher draft')!;
  expect(draft).toMatchObject({ page: 'data', recipe: { teacher: { model: join(app.folder, 'teacher') }, student: { model: made.path }, method: { preset: 'distillspec' }, evaluate: { metrics: ['acceptance'] } } });
  expect(made.description).toMatchObject({ layers: 2, hiddenSize: 96, heads: 3, vocabularySize: 17 });
  await app.show('models');
  await entry('teacher').getByRole('button', { name: 'More about teacher', exact: true }).click();
});

it('takes a GGUF file that is dropped anywhere as it lies, and says that it is on its way', async () => {
  const content = (await readFile(join(process.cwd(), 'test/fixtures/model-gguf/llama.gguf'))).toString('base64');
  let arrive = (): void => undefined;
  const wait = new Promise<void>((resolve) => { arrive = resolve; });
  await page.route('**/api/upload*', async (route) => {
    await wait;
    await route.continue();
  });
  const files = await page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], 'Dropped here.gguf'));
    return transfer;
  }, content);
  await page.dispatchEvent('body', 'drop', { dataTransfer: files });
  await page.getByRole('status').getByText('Copying Dropped here.gguf …').waitFor();
  await page.getByRole('progressbar', { name: 'Dropped here.gguf, copied', exact: true }).waitFor();
  arrive();
  await page.getByRole('radio', { name: /A teacher: used as it lies, .* kept in the data folder/, checked: true }).waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await entry('Dropped here').getByText('GGUF').first().waitFor();
  expect((await known()).find(({ name }) => name === 'Dropped here')).toMatchObject({ path: join(app.home, 'models', 'dropped-here.gguf'), isOwn: true, problem: null });
  await page.unroute('**/api/upload*');
});

it('reads a dropped GGUF file from where it lies, where that is a folder of models', async () => {
  const content = await readFile(join(process.cwd(), 'test/fixtures/model-gguf/llama.gguf'));
  // Beside a model that is known.
  const path = join(app.folder, 'Lies here.gguf');
  await writeFile(path, content);
  const modified = 1_700_000_000_000;
  await utimes(path, modified / 1000, modified / 1000);
  const files = await page.evaluateHandle(({ base64, lastModified }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], 'Lies here.gguf', { lastModified }));
    return transfer;
  }, { base64: content.toString('base64'), lastModified: modified });
  await page.dispatchEvent('body', 'drop', { dataTransfer: files });
  await page.getByRole('radio', { name: /A teacher: used as it lies, .* read from where it is/, checked: true }).waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await entry('Lies here').getByText('GGUF').first().waitFor();
  expect((await known()).find(({ name }) => name === 'Lies here')).toMatchObject({ path, isOwn: false, problem: null });
});

it('takes a GGUF file as it lies for a teacher', async () => {
  const file = join(process.cwd(), 'test/fixtures/model-gguf/llama.gguf');
  await page.getByRole('button', { name: 'Import …', exact: true }).click();
  await page.getByLabel('Model folder (Hugging Face layout) or GGUF file', { exact: true }).fill(file);
  await page.getByRole('radio', { name: /A teacher: used as it lies/, checked: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByLabel('Name', { exact: true }).fill('As it lies');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await entry('As it lies').getByText('GGUF').first().waitFor();
  expect((await known()).find(({ name }) => name === 'As it lies')).toMatchObject({ path: file, isOwn: false, problem: null });
});

it('imports a GGUF file into the data folder', async () => {
  await page.getByRole('button', { name: 'Import …', exact: true }).click();
  await page.getByLabel('Model folder (Hugging Face layout) or GGUF file', { exact: true }).fill('test/fixtures/model-gguf/llama.gguf');
  await page.getByRole('radio', { name: /A student, or both/ }).check();
  await page.getByLabel('Precision of the weights written', { exact: true }).selectOption('fp16');
  await page.getByLabel('Name', { exact: true }).fill('From GGUF');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await entry('From GGUF').getByText('fp16').first().waitFor();
  const model = (await known()).find(({ name }) => name === 'From GGUF');
  expect(model?.isOwn).toBe(true);
});

it('makes a student from chosen layers, of the size it said', async () => {
  await entry('teacher').getByRole('button', { name: 'Make a student …', exact: true }).click();
  await page.getByText('3 of 5 layers').waitFor();
  await page.getByLabel('2', { exact: true }).uncheck();
  await page.getByLabel('1', { exact: true }).check();
  const said = await page.getByText('3 of 5 layers').locator('strong').getAttribute('title');
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make the student', exact: true }).click();
  await entry('teacher student').waitFor();
  const student = (await known()).find(({ name }) => name === 'teacher student');
  expect(student?.description?.layers).toBe(3);
  expect(student?.description?.parameters).toBe(Number(said?.replaceAll(/\D/g, '')));
});

it('renames', async () => {
  await entry('teacher student').getByRole('button', { name: 'More about teacher student', exact: true }).click();
  await entry('teacher student').getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByLabel('New name of teacher student', { exact: true }).fill('Small');
  await page.keyboard.press('Enter');
  await entry('Small').waitFor();
});

it('takes a folder of the person\'s own off the list, and back', async () => {
  await entry('teacher').getByRole('button', { name: 'Remove teacher', exact: true }).click();
  await page.getByText('teacher is off the list').waitFor();
  expect((await known()).map(({ name }) => name)).not.toContain('teacher');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await entry('teacher').waitFor();
});

it('moves files into the trash, and brings them back', async () => {
  const { path } = (await known()).find(({ name }) => name === 'Small')!;
  const remove = entry('Small').getByRole('button', { name: 'Remove Small', exact: true });
  await remove.click();
  await page.getByText(/Small is in the trash/).waitFor();
  await expect(stat(path)).rejects.toThrow();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await eventually(async () => (await known()).map(({ name }) => name)).toContain('Small');
  expect((await stat(path)).isDirectory()).toBe(true);
});

it('says what is wrong with a folder that is gone', async () => {
  await rename(join(app.folder, 'teacher'), join(app.folder, 'moved'));
  await page.reload();
  await entry('teacher').getByText(/is gone.*Put it back, or remove the model from the list/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

it('has nothing to complain of in its console', () => {
  expect(app.complaints).toEqual([]);
});
