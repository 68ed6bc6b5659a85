import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeviceState } from '../../src-main/contract/device.ts';
import { resource } from '../../src-main/service/resources.ts';
import { requires } from '../support/requires.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';
import { openFakeApp } from './support/fake-app.ts';
import { addModel } from './support/sample-project.ts';

const optionsOf = (page: Page, field: string): Promise<string[]> => (
  page.locator(`#field-${field} option`).evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value)));

it('offers a card and the products that it multiplies in, where there is one', async () => {
  const of = (device: DeviceState['device'], computes: DeviceState['computes'], problem: string | null = null): DeviceState => (
    { device, problem, hint: null, name: device, memory: null, driver: null, isSoftware: false, uses: [], computes });
  const saved: unknown[] = [];
  const app = await openFakeApp({
    'devices.list': () => [of('cpu', ['fp32']), of('webgpu', ['fp32', 'fp16']), of('cuda', [], 'There is no NVIDIA driver on this machine.'), of('tfjs', [], 'It is not installed.')],
    'drafts.list': () => [{ id: 'draft-1', updated: 1, title: 'card', page: 'models simple', touched: true, recipe: { method: { preset: 'sft' }, train: { steps: 2 } } }],
    'drafts.save': (draft) => { saved.push(draft.recipe); return { ...draft, id: 'draft-1', updated: Date.now() }; },
  });
  try {
    await app.show('new/draft-1');
    await eventually(() => optionsOf(app.page, 'student-device')).toEqual(['cpu', 'webgpu']);
    expect(await app.page.locator('#field-train-compute').count()).toBe(0);
    await app.page.locator('#field-student-device').selectOption('webgpu');
    await eventually(() => optionsOf(app.page, 'train-compute')).toEqual(['fp32', 'fp16']);
    await app.page.locator('#field-train-compute').selectOption('fp16');
    await eventually(() => Promise.resolve(saved.at(-1))).toMatchObject({ student: { device: 'webgpu' }, train: { steps: 2, compute: 'fp16' } });
    expect(await seriousFindings(app.page)).toEqual([]);
  } finally {
    await app.close();
  }
});

/** A run on a graphics card, chosen and followed by the window. */
requires('vulkan')('a card', () => {
  let app: App;
  let page: Page;
  let student: string;
  beforeAll(async () => {
    app = await openApp();
    page = app.page;
    student = join(app.folder, 'student');
    await addModel(app, 'student', 'student');
    const { id } = await app.client.call('drafts.save', {
      id: null, title: 'card', page: 'models', touched: true,
      recipe: {
        name: 'on a card', student: { model: student },
        data: { train: resource('sample', 'train.jsonl'), prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 40, fraction: 0.05 },
        method: { preset: 'sft' }, train: { steps: 2, batchSize: 4, learningRate: 1e-3 }, evaluate: { metrics: [] },
      },
    });
    await app.show(`new/${id}`);
    await page.getByRole('button', { name: /^2 Models/ }).click();
  });
  afterAll(() => app.close());

  it('is offered with what this machine has, and learns what it is chosen for', async () => {
    const found = await app.client.call('devices.list', null);
    const here = found.filter(({ problem }) => problem === null).map(({ device }) => device);
    expect(here).toEqual(expect.arrayContaining(['cpu', 'webgpu']));
    await page.getByRole('radio', { name: 'Advanced', exact: true }).check();
    await eventually(() => optionsOf(page, 'student-device')).toEqual(here);
    await page.locator('#field-student-device').selectOption('webgpu');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: /^4 Review/ }).click();
    await page.getByRole('button', { name: 'Start the run', exact: true }).click();
    await page.waitForURL(/#\/run\/.+/);
    const runId = /#\/run\/([^/]+)/.exec(page.url())![1]!;
    await app.client.ended(runId);
    const { recipe, status } = await app.client.call('runs.get', { runId });
    expect([status, recipe.student.device, recipe.train.compute]).toEqual(['done', 'webgpu', 'fp32']);
    await page.getByText('webgpu').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });
});
