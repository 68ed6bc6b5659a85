import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { command } from '../support/command.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const path = (...parts: string[]): string => join(project.folder, ...parts);
const args = (study: string, dir: string): string[] => [CLI, '--home', path('home'), '--json', 'study', path(study), '--dir', path(dir)];

interface Outcome { status: number | null; stderr: string; events: Record<string, unknown>[] }
function retort(study: string, dir: string, ...more: string[]): Outcome {
  const { status, stderr, stdout } = spawnSync(process.execPath, [...args(study, dir), ...more], { encoding: 'utf8' });
  return { status, stderr, events: stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

async function write(name: string, changes: object = {}): Promise<void> {
  const { name: _, seed: __, method: ___, ...recipe } = project.recipe();
  await writeFile(path(name), JSON.stringify({
    name: 'tiny', recipe, arms: [{ name: 'SFT', recipe: { method: { preset: 'sft' } } }, { name: 'GKD', recipe: { method: { preset: 'gkd', lambda: 1 } } }],
    seeds: [0, 1], evaluations: [{ name: 'greedy', metrics: ['exact-match', 'distinct-1'], maxNewTokens: 8 }], chart: { y: 'distinct-1' }, ...changes,
  }));
}

const results = (dir: string): Promise<string> => readFile(path(dir, 'results.json'), 'utf8');
const weights = async (dir: string, run: string): Promise<string> =>
  createHash('sha256').update(await readFile(path(dir, 'runs', run, 'checkpoints', 'step-12', 'model', 'model.safetensors'))).digest('hex');

it('computes every run, puts them into the history, and ends with table, picture and numbers', async () => {
  await write('study.json');
  const { status, events } = retort('study.json', 'whole', '--workers', '2', '--threads', '1');
  expect(status).toBe(0);
  expect(events.filter(({ event }) => event === 'measured')).toHaveLength(6);
  const last = events.at(-1) as { event: string; lines: { name: string; seeds: number | null }[] };
  expect(last.lines.map(({ name, seeds }) => [name, seeds])).toEqual([['teacher', null], ['before', null], ['SFT', 2], ['GKD', 2]]);
  expect(await readFile(path('whole', 'table.md'), 'utf8')).toContain('| GKD | 2 | 6 |');
  expect(await readFile(path('whole', 'picture.svg'), 'utf8')).toMatch(/^<svg/);
  const runs = JSON.parse(spawnSync(process.execPath, [CLI, '--home', path('home'), '--json', 'runs'], { encoding: 'utf8' }).stdout) as { status: string; tags: string[] }[];
  expect(runs.map(({ status: state, tags }) => [state, tags])).toEqual(Array(4).fill(['done', ['tiny']]));
});

it('killed in the middle of a run, goes on to the same results without computing anything twice', async () => {
  // The third run of the study is that of GKD with the first seed.
  const { signal } = await command(path('home'), ['study', path('study.json'), '--dir', path('killed')], 'step 5 3');
  expect(signal).toBe('SIGKILL');
  expect(existsSync(path('killed', 'results.json'))).toBe(false);
  const { status, events } = retort('study.json', 'killed');
  expect(status).toBe(0);
  const stepsOf = (run: string): unknown[] => events.filter((event) => event['run'] === run && event['event'] === 'step').map(({ step }) => step);
  expect(stepsOf('sft-seed=0')).toEqual([]);
  // From the checkpoint of step 4.
  expect(stepsOf('gkd-seed=0')).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  expect(await weights('killed', 'gkd-seed=0')).toBe(await weights('whole', 'gkd-seed=0'));
  expect(await results('killed')).toBe(await results('whole'));
});

it('takes each run\'s own last evaluation where the study names none', async () => {
  await write('own.json', { evaluations: [], seeds: [0], chart: { y: 'divergence' }, arms: [{ name: 'GKD', recipe: { method: { preset: 'gkd', lambda: 1 } } }] });
  const { status, events } = retort('own.json', 'own');
  expect(status).toBe(0);
  const { lines } = events.at(-1) as { lines: { name: string; metrics: Record<string, { value: number }> }[] };
  expect(lines.map(({ name }) => name)).toEqual(['before', 'GKD']);
  const told = events.filter(({ event }) => event === 'evaluation').map(({ divergence }) => divergence);
  expect(lines.map(({ metrics }) => metrics['divergence']!.value)).toEqual(told);
});

it('refuses what is wrong before the first run', async () => {
  await write('changed.json', { seeds: [0], arms: [{ name: 'GKD', recipe: { method: { preset: 'gkd', lambda: 0.25 } } }] });
  expect(retort('changed.json', 'whole')).toMatchObject({ status: 2, stderr: expect.stringContaining('begun with another recipe') as string });
  await write('file.json', { arms: [{ name: 'fine', recipe: {} }, { name: 'lost', recipe: { data: { train: 'nowhere.jsonl' } } }] });
  expect(retort('file.json', 'new')).toMatchObject({ status: 2, stderr: expect.stringContaining('Run lost-seed=0') as string });
  await write('metric.json', { evaluations: [{ name: 'x', metrics: ['blue'] }] });
  expect(retort('metric.json', 'new')).toMatchObject({ status: 2, stderr: expect.stringContaining('no metric "blue"') as string });
  expect(retort('nowhere.json', 'new')).toMatchObject({ status: 2, stderr: expect.stringContaining('there is no such file') as string });
  expect(existsSync(path('new', 'runs'))).toBe(false);
  await rm(path('new'), { recursive: true, force: true });
});
