import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resource } from '../../src-main/service/resources.ts';
import { seriousFindings } from './support/accessible.ts';
import { openApp, type App } from './support/app.ts';
import { eventually } from './support/eventually.ts';

let app: App;
let page: Page;
beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await app.client.call('models.add', { path: resource('sample', 'teacher'), name: 'Teacher' });
  await app.client.call('models.add', { path: resource('sample', 'student'), name: 'Student' });
  await writeFile(join(app.folder, 'questions.csv'), 'id,question,answer\n1,"How many, then?",four\n2,"Why\nnot?","because, well"\n');
});
afterAll(() => app.close());

const fieldOf = (path: string): ReturnType<Page['locator']> => page.locator(`#field-${path.replaceAll('.', '-')}`);
const step = (name: string): Promise<void> => page.getByRole('button', { name: new RegExp(`^[1-4] ${name}`) }).click();

async function chooseFile(button: string | RegExp, folder: string, file: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByLabel('Folder', { exact: true }).fill(folder);
  // A dialog that opens takes the focus to its own first field.
  await page.getByLabel('Folder', { exact: true }).press('Enter');
  await page.getByRole('button', { name: new RegExp(`${file.replaceAll('.', '\\.')}`) }).click();
}

it('names the column that was meant, and takes one by a click on its header', async () => {
  await app.show('new');
  expect(await seriousFindings(page)).toEqual([]);
  await chooseFile('Choose a file …', app.folder, 'questions.csv');
  await page.getByText('csv, 2 rows, 3 columns').waitFor();
  await eventually(() => fieldOf('data.prompt').inputValue()).toBe('{{question}}');
  await eventually(() => fieldOf('data.completion').inputValue()).toBe(' {{answer}}');

  await fieldOf('data.prompt').fill('{{qestion}}');
  await page.getByText('Did you mean "question"?').waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  await page.getByRole('button', { name: /^question text/ }).click();
  await page.getByRole('menuitem', { name: 'Use as prompt', exact: true }).click();
  await eventually(() => fieldOf('data.prompt').inputValue()).toBe('{{question}}');
  await page.getByText('How many, then?').nth(1).waitFor();
});

it('keeps the draft over a reload', async () => {
  await page.getByText('Draft saved').waitFor();
  await page.waitForURL(/#\/new\/.+/);
  await page.reload();
  await eventually(() => fieldOf('data.prompt').inputValue()).toBe('{{question}}');
});

it('offers drafts to go on with, and takes one away until it is undone', async () => {
  await app.show('new');
  const drafts = page.getByRole('complementary', { name: 'Drafts', exact: true });
  await drafts.getByRole('button', { name: 'Remove questions, gkd', exact: true }).click();
  await eventually(() => app.client.call('drafts.list', null)).toEqual([]);
  await drafts.getByRole('button', { name: 'Undo', exact: true }).click();
  await drafts.getByRole('link', { name: 'questions, gkd', exact: true }).click();
  await eventually(() => fieldOf('data.prompt').inputValue()).toBe('{{question}}');
});

it('shows tokens and what is learned, the pair\'s vocabulary, and what differs from the preset', async () => {
  await chooseFile('Another file …', resource('sample'), 'train.jsonl');
  await page.getByText('there is no column "answer"').waitFor();
  await fieldOf('data.completion').fill('{{solution}}');
  await fieldOf('data.maxPromptTokens').fill('20');
  await fieldOf('data.maxCompletionTokens').fill('40');

  await page.getByRole('button', { name: 'Next: Models', exact: true }).click();
  await page.locator('#choose-teacher').selectOption({ label: 'Teacher (llama)' });
  await page.locator('#choose-student').selectOption({ label: 'Student (llama)' });
  await page.getByText('The tokenizers are the same.').waitFor();
  await page.getByText('17 tokens are shared').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('radio', { name: /^A low-rank adapter/ }).check();
  await page.getByLabel('Rank', { exact: true }).fill('8');
  await page.getByLabel('Targets', { exact: true }).fill('q_proj, v_proj');
  await page.getByLabel('Targets', { exact: true }).press('Tab');
  await page.getByLabel('Precision of the weights beside it', { exact: true }).selectOption('int8');
  await eventually(async () => (await app.client.call('drafts.list', null)).find(({ recipe }) => (recipe['student'] as { adapter?: object } | undefined)?.adapter)?.recipe['student'])
    .toMatchObject({ precision: 'int8', adapter: { rank: 8, alpha: 32, targets: ['q_proj', 'v_proj'] } });
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('radio', { name: /^Everything/ }).check();

  await step('Data');
  await page.getByText('Lengths in tokens of all 800 examples').waitFor();
  const example = page.getByRole('region', { name: 'Example 1', exact: true });
  await example.getByText('learned').first().waitFor();
  // 13 characters and BOS are given; the answer and EOS are learned, cut at the limit.
  await eventually(() => example.locator('.learned .token').count()).toBe(40);
  await page.getByRole('button', { name: 'Raise the limit to 44', exact: true }).click();
  await eventually(() => example.locator('.learned .token').count()).toBe(44);
  expect(await seriousFindings(page)).toEqual([]);

  await step('Method');
  await page.locator('#slider-lambda').fill('1');
  await page.getByRole('img', { name: 'All batches are written by the student.', exact: true }).first().waitFor();
  await page.locator('#slider-beta').fill('0.9');
  await eventually(() => page.getByText('settles on one mode').count()).toBe(3);
  await fieldOf('train.learningRate').fill('fast');
  await page.getByText('"fast" does not fit here: a number above 0.').waitFor();
  await fieldOf('train.learningRate').fill('0.001');
  await page.getByLabel('Advanced', { exact: true }).check();
  await eventually(() => page.locator('.recipe-input.changed').evaluateAll((fields) => fields.map((field) => (field as HTMLElement).dataset['path']).filter(Boolean)))
    .toEqual(['train.learningRate', 'method.lambda', 'method.beta']);
  await fieldOf('evaluate.best').fill('rouge');
  await page.getByText('Choose one of them: rouge1, rouge2, rougeL, rougeLsum.').waitFor();
  await fieldOf('evaluate.best').fill('');
  await fieldOf('evaluate.patience').fill('3');
  await page.getByText('patience counts evaluations that were no better, and needs “Best”').waitFor();
  await fieldOf('evaluate.patience').fill('');
  expect(await seriousFindings(page)).toEqual([]);
});

it('puts shots before every prompt, and says where they leave no room', async () => {
  await writeFile(join(app.folder, 'shots.txt'), '1+1=1+1=2;#2;');
  await step('Data');
  await chooseFile('Choose a file …', app.folder, 'shots.txt');
  await page.getByText('The shots have 13 tokens').first().waitFor();
  await fieldOf('data.maxPromptTokens').fill('40');
  const example = page.getByRole('region', { name: 'Example 1', exact: true });
  await eventually(() => example.locator('.token').count()).toBe(27 + 44);
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Remove shots: worked examples before every prompt', exact: true }).click();
  await eventually(() => example.locator('.token').count()).toBe(14 + 44);
  await fieldOf('data.maxPromptTokens').fill('20');
  await step('Method');
});

it('leads from a problem to its field, measures a forecast and starts', async () => {
  await fieldOf('train.batchSize').fill('0');
  await step('Review');
  await page.getByRole('button', { name: 'Go to Batch size', exact: true }).click();
  await eventually(() => fieldOf('train.batchSize').evaluate((field) => field === document.activeElement)).toBe(true);
  await fieldOf('train.batchSize').fill('16');
  await step('Review');
  await page.getByText('Nothing is missing').waitFor();

  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  await page.getByText(/a step(, 2 evaluations of .* each)?\)/).waitFor();
  await page.getByRole('definition').filter({ hasText: /^(8|16) examples$/ }).waitFor();
  await page.getByRole('button', { name: 'Measure on a few rows', exact: true }).click();
  const measured = page.getByText(/^What was measured, on \d+ of/);
  await measured.waitFor();
  await measured.click();
  await page.getByRole('rowheader', { name: 'perplexity of the right answers, student', exact: true }).waitFor();
  expect(await seriousFindings(page)).toEqual([]);

  const save = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Save to a file …', exact: true }).click();
    await page.getByLabel('Folder', { exact: true }).fill(app.folder);
    // A dialog that opens takes the focus to its own first field.
    await page.getByLabel('Folder', { exact: true }).press('Enter');
    await page.getByLabel('Name', { exact: true }).last().fill('mine.retort');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
  };
  await save();
  await page.getByText('retort run', { exact: false }).getByText('mine.retort').waitFor();
  const saved = JSON.parse(await readFile(join(app.folder, 'mine.retort'), 'utf8')) as { train: { batchSize: number }; method: unknown };
  expect(saved.train.batchSize).toBe(16);
  expect(saved.method).toMatchObject({ preset: 'gkd', lambda: 1, beta: 0.9 });

  // What is there is replaced only where the person says so.
  await save();
  await page.getByRole('button', { name: /^Replace .*mine/ }).click();
  await page.getByRole('status').getByText('Saved as').waitFor();

  await page.getByRole('button', { name: 'Start the run', exact: true }).click();
  await page.waitForURL(/#\/run\/.+/);
  await eventually(() => app.client.call('drafts.list', null)).toEqual([]);
});

it('opens a recipe that is dropped anywhere as a draft', async () => {
  await app.show('settings');
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
  const recipe = await readFile(join(app.folder, 'mine.retort'), 'utf8');
  const files = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'mine.retort', { type: 'application/json' }));
    return transfer;
  }, recipe);
  await page.dispatchEvent('body', 'drop', { dataTransfer: files });
  await page.waitForURL(/#\/new\/.+/);
  await page.getByText('Nothing is missing').waitFor();
  await eventually(() => fieldOf('name').inputValue()).toBe('train, gkd');
});

it('is filled in by keyboard alone', async () => {
  await app.show('new');
  await page.reload();
  await page.getByRole('heading', { name: /New run/ }).waitFor();
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 80; presses++) {
      if (await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '') === name) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`"${name}" is not reached by Tab`);
  };
  await tabTo('Choose a file …');
  await page.keyboard.press('Enter');
  await page.getByLabel('Folder', { exact: true }).focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(app.folder);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /questions\.csv/ }).waitFor();
  await page.keyboard.press('Tab');
  for (let presses = 0; presses < 9 && !(await page.evaluate(() => document.activeElement?.textContent ?? '')).includes('questions.csv'); presses++) {
    await page.keyboard.press(presses === 0 ? 'Tab' : 'ArrowDown');
  }
  await page.keyboard.press('Enter');
  await page.getByText('csv, 2 rows, 3 columns').waitFor();
  // The focus is back where the dialog was opened.
  await page.keyboard.press('Tab');
  await tabTo('Next: Models');
  await page.keyboard.press('Enter');
  await page.locator('#choose-teacher').waitFor();
});

it('keeps the teacher of the other place, and calls the server\'s fields by the names on the screen', async () => {
  await app.show('new');
  await step('Models');
  await page.locator('#choose-teacher').selectOption({ label: 'Teacher (llama)' });
  await page.getByRole('radio', { name: 'Behind a server', exact: true }).check();
  await page.getByLabel('Address of the server', { exact: true }).fill('http://127.0.0.1:9/v1');
  await page.getByRole('radio', { name: 'On this machine', exact: true }).check();
  await eventually(() => page.locator('#choose-teacher option:checked').textContent()).toBe('Teacher (llama)');
  await page.getByRole('radio', { name: 'Behind a server', exact: true }).check();
  await eventually(() => page.getByLabel('Address of the server', { exact: true }).inputValue()).toBe('http://127.0.0.1:9/v1');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByText('Check that it is running, and “Address of the server”.').waitFor();
});

it('says on Review what has become of a file meanwhile', async () => {
  const train = join(app.folder, 'meanwhile.jsonl');
  await copyFile(resource('sample', 'train.jsonl'), train);
  const { id } = await app.client.call('drafts.save', {
    id: null, title: 'meanwhile', page: 'method', touched: true, recipe: {
      teacher: { model: resource('sample', 'teacher') }, student: { model: resource('sample', 'student') }, method: { preset: 'gkd' }, train: { steps: 3 },
      data: { train, prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 40 },
    },
  });
  await app.show(`new/${id}/method`);
  await page.getByRole('button', { name: /^1 Data.*complete/ }).waitFor();
  await rm(train);
  await step('Review');
  await page.getByText(/meanwhile\.jsonl.*does not exist/).first().waitFor();
  await eventually(() => page.getByText('Nothing is missing').count()).toBe(0);
  await eventually(() => page.getByRole('button', { name: 'Start the run', exact: true }).isDisabled()).toBe(true);
});

it('has nothing to complain of in its console', () => {
  expect(app.complaints).toEqual([]);
});
