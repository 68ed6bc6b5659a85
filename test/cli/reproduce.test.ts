import { spawnSync } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ComparedFile, Departure, Reproduction } from '../../src-main/contract/reproduction.ts';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let made: string;
beforeAll(async () => {
  project = await tinyProject();
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(project.recipe({ train: { ...project.recipe().train, microBatchSize: undefined } })));
  expect(retort('run', join(project.folder, 'recipe.json'), '--run-dir', join(project.folder, 'run')).stderr).toBe('');
  made = join(project.folder, 'exports', 'tiny');
  expect(retort('export', '--run', join(project.folder, 'run'), '--step', '8', '--to', made, '--format', 'onnx,gguf,safetensors,mlx', '--type', 'fp32,int8,q8_0,4bit', '--imatrix').stderr).toBe('');
});
afterAll(() => project.remove());

/** In a home of its own where `home` names one. */
function retort(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return retortIn('home', ...args);
}
function retortIn(home: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, '--home', join(project.folder, home), ...args], { encoding: 'utf8', cwd: project.folder });
}

interface Told { event: string; reproduced?: boolean; files?: ComparedFile[]; departures?: Departure[]; status?: string }
const told = (stdout: string): Told[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as Told);
const provenance = async (): Promise<Reproduction> => JSON.parse(await readFile(join(made, 'retort-reproduce.json'), 'utf8')) as Reproduction;

it('names what an export stands on, and nobody\'s folders', async () => {
  const named = await provenance();
  expect(named).toMatchObject({ name: 'tiny', run: { step: 8, recipe: { data: { train: 'train.jsonl' }, student: { model: 'student' } }, engine: null }, model: null });
  expect(named.run!.threads).toBeGreaterThan(0);
  expect([...new Set(named.inputs.map(({ field }) => field))].sort()).toEqual(['data.train', 'data.validation', 'student.model', 'teacher.model']);
  expect(named.inputs.filter(({ field }) => field === 'student.model').map(({ name }) => name)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
  expect(JSON.stringify(named)).not.toContain(project.folder);
});

it('makes it again to the bit, where the history knows what it is made from', () => {
  const again = retort('--json', 'reproduce', made);
  expect(again.stderr).toBe('');
  const last = told(again.stdout).at(-1)!;
  expect(last).toMatchObject({ event: 'done', reproduced: true, departures: [] });
  expect(last.files!.map(({ file, differing }) => [file, differing])).toEqual([['mlx-4bit/model.safetensors', 0], ['model.safetensors', 0], ['onnx/model.onnx', 0], ['onnx/model_quantized.onnx', 0], ['tiny-Q8_0.gguf', 0]]);
  expect(last.files!.every(({ tensors }) => tensors > 0)).toBe(true);
  expect(again.status).toBe(0);
});

it('finds models and data where somebody else has them, by what they hold, in a copy that was renamed', async () => {
  const elsewhere = join(project.folder, 'elsewhere');
  await mkdir(join(elsewhere, 'in'), { recursive: true });
  await cp(made, join(elsewhere, 'got'), { recursive: true });
  await cp(project.student, join(elsewhere, 'in', 'small'), { recursive: true });
  await cp(project.teacher, join(elsewhere, 'in', 'teacher'), { recursive: true });
  await cp(project.train, join(elsewhere, 'in', 'other name.jsonl'));
  await cp(project.validation, join(elsewhere, 'in', 'validation.jsonl'));
  const run = (...more: string[]): ReturnType<typeof retort> => spawnSync(process.execPath, [CLI, '--home', join(elsewhere, 'home'), 'reproduce', join(elsewhere, 'got'), ...more], { encoding: 'utf8', cwd: elsewhere });
  const lost = run();
  expect(lost.status).toBe(2);
  for (const sentence of ['The base model "student" was not found', 'The teacher "teacher" was not found', 'The training data "train.jsonl" was not found', '--models DIR']) expect(lost.stderr).toContain(sentence);
  const found = run('--models', join(elsewhere, 'in'), '--data', join(elsewhere, 'in'));
  expect(found.stderr).toBe('');
  expect(found.stdout).toContain('Everything that it names is the same here.');
  expect(found.stdout).toContain('The weights that came out are those of the export, to the bit.');

  await rm(join(elsewhere, 'in', 'teacher'), { recursive: true });
  expect(run('--models', join(elsewhere, 'in'), '--data', join(elsewhere, 'in')).stderr).toMatch(/^retort: The teacher "teacher" was not found; looked for in /);
});

it('says of changed data what has changed, trains only when told to, and then how the weights differ', async () => {
  const before = await readFile(project.train);
  await appendFile(project.train, `${JSON.stringify({ question: '1+1=', solution: '2' })}\n`);
  try {
    const refused = retort('reproduce', made);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/The training data is not the one that was used: train\.jsonl has \d+ bytes of SHA-256 [0-9a-f]{12}\.\.\., and had \d+ of [0-9a-f]{12}\.\.\./);
    const changed = retort('--json', 'reproduce', made, '--changed');
    expect(changed.status).toBe(1);
    expect(changed.stderr).toContain('The weights that came out are not those of the export.');
    const { files, reproduced } = told(changed.stdout).at(-1)!;
    expect(reproduced).toBe(false);
    const exact = files!.find(({ file }) => file === 'model.safetensors')!;
    expect(exact.differing).toBeGreaterThan(0);
    expect(exact.largest).toBeGreaterThan(0);
    expect(exact.relative).toBeGreaterThan(0);
  } finally {
    await writeFile(project.train, before);
  }
});

it('tells another version and goes on; a file that was changed behind the export is found', async () => {
  const copy = join(project.folder, 'exports', 'copy');
  await cp(made, copy, { recursive: true });
  await writeFile(join(copy, 'retort-reproduce.json'), JSON.stringify({ ...await provenance(), retort: '0.0.9', processor: 'a Z80' }));
  const weights = await readFile(join(copy, 'model.safetensors'));
  weights[weights.length - 2]! ^= 1;
  await writeFile(join(copy, 'model.safetensors'), weights);
  const again = retort('reproduce', copy);
  expect(again.stdout).toContain('It was made by Retort 0.0.9, and this is Retort ');
  expect(again.stdout).toContain('It was computed on a Z80');
  expect(again.stdout).toMatch(/model\.safetensors: 1 of \d+ tensors differ, by at most /);
  expect(again.stdout).toContain('tiny-Q8_0.gguf: all ');
  expect(again.status).toBe(1);
});

it('acts on no word of a file: a recipe that was changed is refused, a command is asked about', async () => {
  const copy = join(project.folder, 'exports', 'forged');
  await cp(made, copy, { recursive: true });
  const named = await provenance();
  const recipe = { ...named.run!.recipe as object, seed: 99 };
  await writeFile(join(copy, 'retort-reproduce.json'), JSON.stringify({ ...named, run: { ...named.run!, id: 'nobody', recipe } }));
  const forged = retort('reproduce', copy);
  expect([forged.status, forged.stderr]).toEqual([2, expect.stringContaining('is not the one that its digest names')]);
  await writeFile(join(copy, 'retort-reproduce.json'), '{"format": 1}');
  expect(retort('reproduce', copy)).toMatchObject({ status: 2, stderr: expect.stringContaining('is damaged, or of another version') as string });

  const rewarded = project.recipe({ method: { preset: 'rl-gkd', reward: { kind: 'command', command: ['sh', '-c', 'touch started; while read line; do echo 1; done'] } }, train: { ...project.recipe().train, steps: 2 }, checkpoint: { every: 2, keep: 2 } });
  await writeFile(join(project.folder, 'rewarded.json'), JSON.stringify(rewarded));
  expect(retort('run', join(project.folder, 'rewarded.json'), '--run-dir', join(project.folder, 'rewarded'), '--trust').stderr).toBe('');
  const to = join(project.folder, 'exports', 'rewarded');
  expect(retort('export', '--run', join(project.folder, 'rewarded'), '--to', to, '--format', 'safetensors').stderr).toBe('');
  await rename(join(project.folder, 'started'), join(project.folder, 'started before'));
  const asked = retort('reproduce', to);
  expect([asked.status, asked.stderr]).toEqual([2, expect.stringContaining('The recipe starts a command that you have not allowed')]);
  await expect(readFile(join(project.folder, 'started'))).rejects.toThrow();
  expect(retort('reproduce', to, '--trust')).toMatchObject({ status: 0, stderr: '' });
});

it('exports a model that no run made once more, and says nothing of exports of before', async () => {
  const to = join(project.folder, 'exports', 'plain');
  expect(retort('export', '--model', project.student, '--to', to, '--format', 'gguf', '--type', 'q4_0').stderr).toBe('');
  expect(retort('reproduce', join(to, 'plain-Q4_0.gguf')).stdout).toContain('to the bit.');
  expect(retortIn('other', 'reproduce', to, '--models', project.student)).toMatchObject({ status: 0 });
  await rm(join(to, 'retort-reproduce.json'));
  expect(retort('reproduce', to)).toMatchObject({ status: 2, stderr: expect.stringContaining('does not say what made it') as string });
  expect(retort('reproduce', join(to, 'nowhere')).status).toBe(2);
});

it('only checks when asked to', () => {
  const checked = retort('--json', 'reproduce', made, '--check');
  expect(told(checked.stdout)).toEqual([{ event: 'checked', inputs: expect.any(Number) as number, departures: [] }]);
});

it('makes a run of two stages again to the bit, each in its own micro-batches', async () => {
  await writeFile(join(project.folder, 'staged.json'), JSON.stringify(project.recipe({
    train: { ...project.recipe().train, microBatchSize: undefined }, stages: [{ name: 'learn', method: { preset: 'sft' }, train: { steps: 3, batchSize: 6 } }, { name: 'distil', train: { steps: 3, batchSize: 2 } }], checkpoint: { every: 6, keep: 1 },
  })));
  const to = join(project.folder, 'exports', 'staged');
  expect(retort('run', join(project.folder, 'staged.json'), '--run-dir', join(project.folder, 'staged')).stderr).toBe('');
  expect(retort('export', '--run', join(project.folder, 'staged'), '--to', to, '--format', 'safetensors').stderr).toBe('');
  const { run } = JSON.parse(await readFile(join(to, 'retort-reproduce.json'), 'utf8')) as Reproduction;
  expect(run).toMatchObject({ step: 6, microBatchSizes: [6, 2] });
  const again = retort('reproduce', to);
  expect(again.stdout).toContain('to the bit.');
  expect(again.status).toBe(0);
});
