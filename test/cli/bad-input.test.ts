import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

interface Outcome { status: number | null; error: string }

function retort(...args: string[]): Outcome {
  const { status, stderr } = spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8' });
  return { status, error: stderr };
}

/** Runs a recipe into a folder that must not exist afterwards. */
async function refuse(name: string, recipe: RecipeInput): Promise<string> {
  const file = join(project.folder, `${name}.json`);
  const runDir = join(project.folder, `run-${name}`);
  await writeFile(file, JSON.stringify(recipe));
  const { status, error } = retort('run', file, '--run-dir', runDir);
  expect(status).toBe(2);
  expect(existsSync(runDir)).toBe(false);
  const [message, hint, ...rest] = error.trimEnd().split('\n');
  expect(message).toMatch(/^retort: /);
  expect(hint ?? '').toMatch(/^( {2}\S.*)?$/);
  expect(rest).toEqual([]);
  return error;
}

const changed = (part: 'data' | 'student' | 'teacher' | 'train' | 'method', changes: object): RecipeInput => {
  const recipe = project.recipe();
  return { ...recipe, [part]: { ...recipe[part], ...changes } };
};

/** A copy of the student that is wrong in one way. */
async function spoiled(name: string, spoil: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(project.folder, name);
  await cp(project.student, folder, { recursive: true });
  await spoil(folder);
  return folder;
}

async function editJson(file: string, changes: object): Promise<void> {
  const json = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...json, ...changes }));
}

describe('a recipe that cannot be run is refused in one line, with exit code 2 and nothing written', () => {
  it('a data file that is not there', async () => {
    expect(await refuse('no-data', changed('data', { train: join(project.folder, 'nowhere.jsonl') }))).toContain('nowhere.jsonl');
  });
  it('a column that is not there, with the closest one', async () => {
    expect(await refuse('column', changed('data', { prompt: '{{qestion}}' }))).toMatch(/qestion[^]*question/);
  });
  it('a damaged line, by file and line', async () => {
    const train = join(project.folder, 'damaged.jsonl');
    await writeFile(train, `${(await readFile(project.train, 'utf8')).split('\n').slice(0, 3).join('\n')}\n{"question": \n`);
    expect(await refuse('line', changed('data', { train }))).toMatch(/damaged\.jsonl line 4/);
  });
  it('an unknown field and a wrong value, by name', async () => {
    expect(await refuse('field', changed('train', { learnignRate: 1 }))).toContain('train.learnignRate');
    expect(await refuse('value', changed('method', { lambda: 2 }))).toContain('method.lambda is 2');
  });
  it('a truncated weight file', async () => {
    const model = await spoiled('truncated', (folder) => truncate(join(folder, 'model.safetensors'), 2000));
    expect(await refuse('truncated', changed('student', { model }))).toContain('model.safetensors');
  });
  it('an unsupported architecture', async () => {
    const model = await spoiled('mamba', (folder) => editJson(join(folder, 'config.json'), { model_type: 'mamba' }));
    expect(await refuse('mamba', changed('student', { model }))).toContain('mamba');
  });
  it('a teacher with another tokenizer, for a method that needs one', async () => {
    const model = await spoiled('other-tokenizer', async (folder) => {
      const file = join(folder, 'tokenizer.json');
      await writeFile(file, (await readFile(file, 'utf8')).replace('"+":12,"-":13', '"+":13,"-":12'));
    });
    const recipe = { ...project.recipe(), method: { preset: 'minillm' as const }, teacher: { model } };
    expect(await refuse('tokenizer', recipe)).toContain('another tokenizer');
  });
  it('texts longer than the context', async () => {
    expect(await refuse('context', changed('data', { maxPromptTokens: 90, maxCompletionTokens: 10 }))).toContain('context of 96');
  });
  it('metrics without held-out examples, or without right answers', async () => {
    const { validation: _, ...data } = project.recipe().data;
    const evaluate = { metrics: ['accuracy'] };
    expect(await refuse('no-validation', { ...project.recipe(), data, evaluate })).toContain('no held-out examples');
    const { completion: __, ...unanswered } = project.recipe().data;
    expect(await refuse('no-answers', { ...project.recipe(), data: unanswered, evaluate, method: { preset: 'on-policy-kd' } })).toContain('needs right answers');
  });
  it('a best checkpoint by a name that stands for several numbers, or patience without one', async () => {
    expect(await refuse('best', { ...project.recipe(), evaluate: { metrics: ['rouge'], best: 'rouge' } })).toMatch(/evaluate\.best is "rouge"[^]*rouge1, rouge2, rougeL, rougeLsum/);
    expect(await refuse('patience', { ...project.recipe(), evaluate: { every: 1, patience: 2 } })).toContain('evaluate.patience is 2: patience counts evaluations that were no better, and needs evaluate.best');
  });
  it('a teacher that the method needs', async () => {
    const { teacher: _, ...recipe } = project.recipe();
    expect(await refuse('no-teacher', recipe)).toContain('needs a teacher');
  });
});

it('never writes over what is there', async () => {
  const occupied = join(project.folder, 'occupied');
  await mkdir(occupied);
  await writeFile(join(occupied, 'mine.txt'), 'mine');
  const file = join(project.folder, 'good.json');
  await writeFile(file, JSON.stringify(project.recipe()));
  expect(retort('run', file, '--run-dir', occupied)).toMatchObject({ status: 2, error: expect.stringContaining('not empty') as string });
  expect(retort('export', '--model', project.student, '--to', occupied)).toMatchObject({ status: 2, error: expect.stringContaining('exists already') as string });
  expect(await readFile(join(occupied, 'mine.txt'), 'utf8')).toBe('mine');
});

it('tells wrong use of a command with exit code 2', () => {
  expect(retort('run').status).toBe(2);
  expect(retort('eval', '--model', project.student, '--data', project.validation, '--prompt', '{{question}}', '--metric', 'bleurt'))
    .toMatchObject({ status: 2, error: expect.stringContaining('bleurt') as string });
  expect(retort('generate', '--model', project.student, '--prompt', '1'.repeat(200)))
    .toMatchObject({ status: 2, error: expect.stringContaining('context') as string });
  expect(retort('show', 'nothing').status).toBe(2);
  expect(retort('model', 'make-student', '--from', project.teacher, '--layers', '0,one', '--to', join(project.folder, 'never')).status).toBe(2);
  expect(retort('model', 'show', project.folder)).toMatchObject({ status: 2, error: expect.stringContaining('has no config.json') as string });
});
