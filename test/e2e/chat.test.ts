import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { resource } from '../../src-main/service/resources.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { addModel } from './support/sample-project.ts';

let app: App;
let page: Page;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await addModel(app, 'teacher', 'teacher');
  await addModel(app, 'student', 'student');
});
afterAll(() => app.close());

const turn = (at: number) => page.getByRole('region', { name: `Turn ${at}`, exact: true });
const said = (at: number, model: string) => turn(at).getByRole('article', { name: model, exact: true }).locator('.text');
const alone = async (model: string, prompt: string): Promise<string> => (
  await app.client.call('models.generate', { model: resource('sample', model), prompt, chat: false, maxNewTokens: 48, decode: {}, seed: 0 })).text;

it('lets two models answer side by side, and keeps, repeats and remembers what they said', async () => {
  await page.keyboard.press('t');
  await page.getByRole('heading', { level: 1, name: 'Chat', exact: true }).waitFor();
  await page.getByLabel('Add a model', { exact: true }).selectOption({ label: 'teacher' });
  await page.getByLabel('Add a model', { exact: true }).selectOption({ label: 'student' });
  await page.getByText('How they answer').click();
  await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).fill('48');
  await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).blur();
  expect(await seriousFindings(page)).toEqual([]);

  await page.getByLabel('What to say', { exact: true }).fill('10+4+2+6-9+2=');
  await page.keyboard.press('Enter');
  await turn(1).getByRole('button', { name: 'Again', exact: true }).nth(1).waitFor();
  // The sample's models have no chat template: they go on from the text itself.
  for (const model of ['teacher', 'student']) await eventually(() => said(1, model).textContent()).toBe(await alone(model, '10+4+2+6-9+2='));

  await page.getByLabel('What to say', { exact: true }).fill('3+30+3+3+3+3=');
  await page.keyboard.press('Enter');
  await turn(2).getByRole('button', { name: 'Again', exact: true }).nth(1).waitFor();
  const answer = await alone('teacher', '3+30+3+3+3+3=');
  await turn(2).getByRole('article', { name: 'teacher', exact: true }).getByRole('button', { name: 'Keep', exact: true }).click();
  await page.getByText('Kept in "chat texts"').waitFor();
  const [set] = await app.client.call('corrections.sets', null);
  expect(await app.client.call('corrections.list', { dataset: set!.name, offset: 0, limit: 5 })).toMatchObject([{ prompt: '3+30+3+3+3+3=', completion: answer, turns: null }]);

  await page.reload();
  await eventually(() => said(2, 'teacher').textContent()).toBe(answer);
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'New conversation', exact: true }).click();
  await page.getByText('Say something to a model').waitFor();
});

it('ends an answer where the context is full, and says at it what keeps a model from answering', async () => {
  await page.getByText('How they answer').click();
  await page.getByRole('spinbutton', { name: 'At most tokens', exact: true }).fill('256');
  await page.getByLabel('What to say', { exact: true }).fill('10+4+2+6-9+2=');
  await page.keyboard.press('Enter');
  // The context has 96 tokens.
  await turn(1).getByRole('button', { name: 'Again', exact: true }).nth(1).waitFor();
  await eventually(() => said(1, 'teacher').textContent()).toBe(await alone('teacher', '10+4+2+6-9+2='));
  await page.getByLabel('What to say', { exact: true }).fill('1+'.repeat(60));
  await page.keyboard.press('Enter');
  await turn(2).getByRole('alert').first().waitFor();
  expect(await turn(2).getByRole('alert').first().textContent()).toMatch(/there is no room for an answer\. Shorten it, or begin a new conversation/);
});
