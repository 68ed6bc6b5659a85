import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { command, type Followed, type KillPlace } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const path = (...parts: string[]): string => join(project.folder, ...parts);
const study = (file: string, dir: string, more: string[] = [], kill?: KillPlace): Promise<Followed> => command(path(`${dir}-home`), ['study', path(file), '--dir', path(dir), ...more], kill);

/** Arms that differ in nothing but how fast they learn: that which stands still is certainly worse. */
async function write(name: string, rates: Record<string, number>, changes: object = {}): Promise<void> {
  const { name: _, seed: __, method: ___, ...recipe } = project.recipe();
  await writeFile(path(name), JSON.stringify({
    name: 'halved', recipe: { ...recipe, method: { preset: 'sft' }, train: { ...recipe.train, steps: 16 }, ...changes },
    arms: Object.entries(rates).map(([arm, learningRate]) => ({ name: arm, recipe: { train: { learningRate } } })), chart: { y: 'loss' },
  }));
}

interface Line { name: string; rungs: { steps: number; isTied: boolean }[]; stopped: string | null; isWinner: boolean }
const linesOf = async (dir: string): Promise<Line[]> => (JSON.parse(await readFile(path(dir, 'halving.json'), 'utf8')) as { lines: Line[] }).lines;
const weights = async (dir: string, run: string, step: number): Promise<string> =>
  createHash('sha256').update(await readFile(path(dir, 'runs', run, 'checkpoints', `step-${step}`, 'model', 'model.safetensors'))).digest('hex');

it('stops what is certainly worse at a share of its steps, and the winner is what it would have been alone', async () => {
  await write('study.json', { still: 1e-9, fast: 2e-2, crawl: 1e-8, middle: 5e-3 });
  const { code, errors } = await study('study.json', 'whole', ['--halving', 'loss']);
  expect(errors).toBe('');
  expect(code).toBe(0);
  const lines = await linesOf('whole');
  expect(lines.filter(({ isWinner }) => isWinner)).toMatchObject([{ name: 'fast', stopped: null, rungs: [{ steps: 4 }, { steps: 8 }, { steps: 16 }] }]);
  const still = lines.find(({ name }) => name === 'still')!;
  expect(still.stopped).toMatch(/^after \d+% of its steps, worse than "fast": /);
  expect(still.rungs.at(-1)!.steps).toBeLessThan(16);
  expect((await readdir(path('whole', 'runs', 'still-seed=0', 'checkpoints'))).includes('step-16')).toBe(false);
  expect(await readFile(path('whole', 'halving.md'), 'utf8')).toMatch(/\| \*\*fast\*\* \| 1 \| 4, 8, 16 \|/);
  // Its schedule is that of all its steps: stopped twice, it ends at the weights of a run that never was.
  await write('alone.json', { fast: 2e-2 });
  expect((await study('alone.json', 'alone')).code).toBe(0);
  expect(await weights('whole', 'fast-seed=0', 16)).toBe(await weights('alone', 'fast-seed=0', 16));
});

it('killed, goes on to the same outcome', async () => {
  expect(await study('study.json', 'killed', ['--halving', 'loss'], 'step 6')).toMatchObject({ code: expect.not.stringMatching('0') as number });
  expect(existsSync(path('killed', 'halving.json'))).toBe(false);
  expect((await study('study.json', 'killed', ['--halving', 'loss'])).code).toBe(0);
  expect(await linesOf('killed')).toEqual(await linesOf('whole'));
  expect(await weights('killed', 'fast-seed=0', 16)).toBe(await weights('whole', 'fast-seed=0', 16));
});

it('keeps what is not certainly worse, and compares fine-tuning by divergence as well', async () => {
  await write('tied.json', { one: 1e-9, two: 1.1e-9, three: 1.2e-9 }, { method: undefined });
  await writeFile(path('tied.json'), (await readFile(path('tied.json'), 'utf8')).replace('"name":"one","recipe":{', '"name":"one","recipe":{"method":{"preset":"sft"},'));
  expect((await study('tied.json', 'tied', ['--halving', 'divergence', '--keep', '2'])).code).toBe(0);
  const lines = await linesOf('tied');
  expect(lines.map(({ rungs }) => rungs.map(({ steps }) => steps))).toEqual([[8, 16], [8, 16], [8, 16]]);
  expect(lines.filter(({ stopped }) => stopped !== null)).toMatchObject([{ stopped: expect.stringContaining('not certainly worse') as string }]);
});

it('takes shares of passes over the data, and of all stages of an arm, by a metric of the whole corpus', async () => {
  const { name: _, seed: __, method: ___, ...recipe } = project.recipe();
  const { steps: ____, ...train } = recipe.train!;
  await writeFile(path('staged.json'), JSON.stringify({
    name: 'halved', recipe: { ...recipe, method: { preset: 'sft' }, train },
    arms: [
      { name: 'whole', recipe: { train: { epochs: 1 } } },
      { name: 'staged', recipe: { stages: [{ name: 'a', train: { steps: 3, optimizer: 'adafactor' } }, { name: 'b', train: { epochs: 1 } }] } },
      { name: 'still', recipe: { train: { steps: 8, learningRate: 1e-9 } } },
    ], chart: { y: 'loss' },
  }));
  const { code, errors } = await study('staged.json', 'staged', ['--halving', 'self-bleu']);
  expect([errors, code]).toEqual(['', 0]);
  const lines = await linesOf('staged');
  // 40 rows by six are seven steps.
  expect(lines.map(({ rungs }) => rungs.map(({ steps }) => steps).slice(0, 2))).toEqual([[2, 4], [3, 5], [2, 4]]);
  expect(lines.filter(({ isWinner }) => isWinner)).toHaveLength(1);
});

it.each([
  ['an unknown number', { a: 1, b: 2 }, {}, ['--halving', 'los'], 'There is no number "los"'],
  ['one arm', { a: 1 }, {}, ['--halving', 'loss'], 'one arm'],
  ['nothing held out', { a: 1, b: 2 }, { data: { train: 'train.jsonl', prompt: '{{question}}', completion: '{{solution}}' } }, ['--halving', 'loss'], 'no held-out rows'],
  ['no teacher', { a: 1, b: 2 }, { teacher: undefined }, ['--halving', 'divergence'], 'no teacher'],
  ['as many to keep as there are', { a: 1, b: 2 }, {}, ['--halving', 'loss', '--keep', '2'], '--keep 2'],
  ['keep alone', { a: 1, b: 2 }, {}, ['--keep', '2'], '--halving is not there'],
])('refuses %s in a sentence before anything runs', async (_, rates, changes, more, says) => {
  await write('wrong.json', rates, changes);
  const { code, errors } = await study('wrong.json', 'wrong', more);
  expect(code).toBe(2);
  expect(errors).toContain(says);
  expect(existsSync(path('wrong'))).toBe(false);
});
