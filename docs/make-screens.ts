import { cp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Draft } from '../src-main/contract/api/api.ts';
import { resource } from '../src-main/service/resources.ts';
import { openApp, type App } from '../test/e2e/support/app.ts';

/** Takes docs/screens/*.png from the built application, with two runs of the sample: `tsx docs/make-screens.ts`. */
/** Where the sample lies in the pictures, which show paths. */
const PROJECT = join(tmpdir(), 'arithmetic');
const FOLDER = fileURLToPath(new URL('screens/', import.meta.url));

/** The sample project, half prepared, as a draft on one of its pages. */
function draftOf(app: App, page: string): Promise<Draft> {
  return app.client.call('drafts.save', {
    id: null, title: 'arithmetic', page,
    recipe: {
      name: 'arithmetic', teacher: { model: join(PROJECT, 'teacher') }, student: { model: join(PROJECT, 'student') },
      data: { train: join(PROJECT, 'train.jsonl'), validationShare: 0.05, prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 56 },
      method: { preset: 'gkd', lambda: 1 }, train: { epochs: 2, learningRate: 0.001 },
    },
  });
}

/** Two finished runs to be looked at. @returns their ids */
async function makeRuns(app: App): Promise<string[]> {
  const { runIds } = await app.client.call('sample.start', { methods: ['supervised-kd', 'gkd'] });
  for (const runId of runIds) {
    while ((await app.client.call('runs.get', { runId })).status !== 'done') await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return runIds;
}
let runs: string[] = [];

/** An export of a run in every precision; where it was made before, that one. */
async function exportOf(app: App, runId: string): Promise<number> {
  const find = async (): Promise<number | undefined> => (await app.client.call('exports.list', null)).find(({ run }) => run === runId)?.id;
  if (await find() === undefined) {
    await app.client.call('exports.start', {
      subject: { kind: 'run', runId }, to: join(PROJECT, 'exports', 'sample-gkd'), parts: [{ format: 'onnx', types: ['fp32', 'fp16', 'int8', 'int4'] }, { format: 'safetensors' }], replace: false,
    });
  }
  for (;;) {
    const id = await find();
    if (id !== undefined) return id;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What is opened, and what has to be there before the picture is taken. */
const SCREENS: Record<string, (app: App) => Promise<unknown>> = {
  'runs': async (app) => {
    await app.show('runs');
    await app.page.getByText('sample, gkd').first().waitFor();
  },
  'run': async (app) => {
    await app.show(`run/${runs[1]}`);
    await app.page.getByText('Entropy').first().waitFor();
    await app.page.waitForTimeout(1000);
  },
  'run-samples': async (app) => {
    await app.show(`run/${runs[1]}/samples`);
    await app.page.waitForTimeout(1000);
  },
  'run-rollouts': async (app) => {
    await app.show(`run/${runs[1]}/rollouts`);
    await app.page.waitForTimeout(1000);
  },
  'mistakes': async (app) => {
    await app.show(`run/${runs[0]}`);
    await app.page.getByRole('button', { name: 'Mistakes' }).click();
    await app.page.getByRole('status').filter({ hasText: '200 samples' }).waitFor({ timeout: 120_000 });
    await app.page.getByRole('button', { name: 'Worst fork' }).click();
    await app.page.getByText('The same prompt over training').click();
    await app.page.getByRole('heading', { name: /^checkpoint/ }).first().waitFor();
    await app.page.getByRole('group', { name: 'Teacher\'s top choices' }).waitFor();
    await app.page.waitForTimeout(1000);
  },
  'compare': async (app) => {
    await app.show(`run/${runs[1]}`);
    await app.page.getByRole('button', { name: 'Compare', exact: true }).click();
    await app.page.getByRole('status').filter({ hasText: '200 rows' }).waitFor({ timeout: 120_000 });
    await app.page.getByText(/^Comparing/).waitFor({ state: 'detached', timeout: 120_000 });
    await app.page.getByLabel('Sort by').selectOption({ label: 'divergence of before' });
    await app.page.getByLabel('Largest first').check();
    await app.page.waitForTimeout(1000);
  },
  'compare-runs': async (app) => {
    await app.show(`compare-runs/${runs.join(',')}`);
    await app.page.waitForTimeout(1500);
  },
  'new-run-data': async (app) => {
    await app.show(`new/${(await draftOf(app, 'data')).id}`);
    await app.page.getByRole('region', { name: 'Example 1' }).waitFor();
  },
  'new-run-models': async (app) => {
    await app.show(`new/${(await draftOf(app, 'models')).id}`);
    await app.page.getByText('The tokenizers are the same.').waitFor();
  },
  'new-run-method': async (app) => app.show(`new/${(await draftOf(app, 'method')).id}`),
  'new-run-review': async (app) => {
    await app.show(`new/${(await draftOf(app, 'review')).id}`);
    await app.page.getByRole('button', { name: 'Measure', exact: true }).click();
    await app.page.getByRole('button', { name: 'Measure again' }).waitFor();
  },
  'export': async (app) => {
    await app.show(`export/${await exportOf(app, runs[1]!)}`);
    await app.page.getByRole('table', { name: 'Precisions' }).waitFor();
  },
  'models': async (app) => {
    await app.show('models');
    await app.page.getByRole('button', { name: 'More about Arithmetic teacher' }).click();
    await app.page.getByLabel('Prompt').fill('10+4+2+6-9+2=');
    await app.page.getByRole('button', { name: 'Write' }).click();
    await app.page.getByText('10+4=14;').waitFor();
  },
  'settings': async (app) => {
    await app.show('settings');
    await app.page.getByText('Platform').waitFor();
  },
};

await mkdir(FOLDER, { recursive: true });
await cp(resource('sample'), PROJECT, { recursive: true });
const app = await openApp({ colorScheme: 'light', viewport: { width: 1280, height: 1400 } });
// A busy machine takes its time.
app.page.setDefaultTimeout(600_000);
await app.page.getByText('No runs yet').waitFor();
for (const colorScheme of ['light', 'dark'] as const) {
  await app.page.emulateMedia({ colorScheme });
  await app.page.screenshot({ path: join(FOLDER, `empty-home-${colorScheme}.png`) });
}
await app.client.call('models.add', { path: join(PROJECT, 'teacher'), name: 'Arithmetic teacher' });
await app.client.call('models.add', { path: join(PROJECT, 'student'), name: 'Arithmetic student' });
runs = await makeRuns(app);
for (const colorScheme of ['light', 'dark'] as const) {
  await app.page.emulateMedia({ colorScheme });
  for (const [name, open] of Object.entries(SCREENS)) {
    await open(app);
    await app.page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
  }
}
await app.close();
await rm(PROJECT, { recursive: true });
