import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFakeApp, type FakeApp } from './support/fake-app.ts';
import { fakeRun, fakeSeries } from './support/fake-studio.ts';

let app: FakeApp;
let page: Page;
beforeAll(async () => {
  app = await openFakeApp({
    'runs.list': () => [fakeRun()], 'runs.series': () => fakeSeries(0, 1, []),
    'recipe.check': () => ({ errors: [], findings: [] }) as never,
    'drafts.save': (draft) => ({ ...draft, id: 'kept', updated: 1, touched: true }),
  });
  page = app.page;
});
afterAll(() => app.close());

const screen = (name: string): Promise<void> => page.getByRole('navigation', { name: 'Screens', exact: true }).getByRole('link', { name, exact: true }).click();

/** Holds back the answer to a call. @returns waits until it was asked; lets the answer come, and waits until the page has it */
async function held(name: string): Promise<{ asked: Promise<unknown>; answer: () => Promise<void> }> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => { open = resolve; });
  const isOf = (request: Request): boolean => request.postData()?.includes(`"name":"${name}"`) ?? false;
  await page.route('**/api/call', async (route) => {
    if (isOf(route.request())) await opened;
    await route.continue();
  });
  return {
    asked: page.waitForRequest(isOf),
    answer: async () => {
      const answered = page.waitForResponse((response) => isOf(response.request()));
      open();
      await (await answered).finished();
      // A turn of the page's own, in which it acts on it.
      await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 0); }));
      await page.unroute('**/api/call');
    },
  };
}

it('stays where the person has gone while a new draft was saved for the first time', async () => {
  await app.show('new');
  const save = await held('drafts.save');
  await page.getByRole('radio', { name: 'Advanced', exact: true }).check();
  await screen('Models');
  await save.asked;
  await page.getByRole('heading', { name: 'Models', level: 1, exact: true }).waitFor();
  await save.answer();
  expect(new URL(page.url()).hash).toBe('#/models');
});

it('stays where the person has gone while what a button leads to was made', async () => {
  await app.show('run/run-1');
  const save = await held('drafts.save');
  await page.getByRole('button', { name: 'Duplicate …', exact: true }).click();
  await save.asked;
  await screen('Models');
  await page.getByRole('heading', { name: 'Models', level: 1, exact: true }).waitFor();
  await save.answer();
  expect(new URL(page.url()).hash).toBe('#/models');
  expect(app.complaints).toEqual([]);
});
