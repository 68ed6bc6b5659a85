import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportReport } from '../../src-main/contract/export-report.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { narrowStudent } from '../../src-main/model/narrow-student.ts';
import { CLI } from '../support/build.ts';
import { requires } from '../support/requires.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const retort = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8', cwd: process.cwd() });

it('makes a narrower model of the first rows and columns of chosen layers', async () => {
  const teacher = await openModel('resources/sample/teacher');
  const to = join(project.folder, 'narrow');
  await narrowStudent(teacher, [0, 3], 96, to);
  const made = await openModel(to);
  expect(made.config).toMatchObject({ layers: 2, hiddenSize: 96, vocabSize: teacher.config.vocabSize });
  const whole: number[] = [];
  for await (const piece of teacher.pieces('model.layers.3.mlp.down_proj.weight')) whole.push(...piece);
  const part: number[] = [];
  for await (const piece of made.pieces('model.layers.1.mlp.down_proj.weight')) part.push(...piece);
  const width = teacher.tensors.find(({ name }) => name === 'model.layers.3.mlp.down_proj.weight')!.shape[1]!;
  const [rows, columns] = made.tensors.find(({ name }) => name === 'model.layers.1.mlp.down_proj.weight')!.shape as [number, number];
  expect(rows).toBe(96);
  expect(part).toEqual(Array.from({ length: rows }, (_, row) => whole.slice(row * width, row * width + columns)).flat());
  await expect(narrowStudent(teacher, [0], 100, join(project.folder, 'odd'))).rejects.toThrow('A width of 100 is not possible.');
  await expect(narrowStudent(teacher, [0], 4096, join(project.folder, 'odd'))).rejects.toThrow('A width of 4096 is not possible.');
});

requires('llama')('a draft, from the model to llama.cpp', () => {
  it('is made narrower, trained on prompts alone, exported and measured for the model that it drafts for', async () => {
    const to = join(project.folder, 'drafted');
    const made = retort('draft', 'resources/sample/teacher', '--data', project.train, '--prompt', '{{question}}', '--to', to, '--layers', '0,4', '--width', '96', '--steps', '2', '--batch-size', '4',
      '--max-prompt-tokens', '24', '--max-new-tokens', '16', '--type', 'q8_0');
    expect(made.stderr).toBe('');
    const report = JSON.parse(await readFile(join(to, 'retort-export.json'), 'utf8')) as ExportReport;
    const [draft] = report.drafts!;
    expect(draft).toMatchObject({ target: 'teacher', file: 'drafted-Q8_0.gguf', draftTokens: 4, prompts: 4 });
    expect(draft!.acceptance).toBeGreaterThanOrEqual(0);
    expect(draft!.acceptance).toBeLessThanOrEqual(1);
    expect(draft!.tokensPerSecond).toBeGreaterThan(0);
    // A draft changes how fast a text is written, and not the text.
    expect(draft!.sameTexts).toBe(draft!.prompts);
    expect(made.stdout).toContain('drafted-Q8_0.gguf drafts for teacher in llama.cpp');
    expect(await readFile(join(to, 'README.md'), 'utf8')).toContain('## As a draft');
  });
});
