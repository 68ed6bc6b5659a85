import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InspectionReport } from '../../src-main/contract/token-report.ts';
import { CLI } from '../support/build.ts';
import { otherModel } from '../support/other-tokens.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let runDir: string;

function retort(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8' });
}
const reports = (...args: string[]): InspectionReport[] =>
  retort('inspect', ...args).stdout.trim().split('\n').map((line) => JSON.parse(line) as InspectionReport);

beforeAll(async () => {
  project = await tinyProject();
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(project.recipe()));
  runDir = join(project.folder, 'run');
  expect(retort('run', join(project.folder, 'recipe.json'), '--run-dir', runDir).status).toBe(0);
});
afterAll(() => project.remove());

it('says of every token what it is to the teacher, and where the forks are', () => {
  const told = reports('--teacher', project.teacher, '--student', project.student, '--data', project.validation, '--prompt', '{{question}}', '--max-new-tokens', '12');
  expect(told).toHaveLength(6);
  for (const { tokens, forks } of told) {
    expect(tokens[0]).toHaveProperty('teacherTop');
    expect(tokens.flatMap(({ role }, at) => (role === 'fork' ? [at] : []))).toEqual(forks.map(({ position }) => position));
  }
});

it('takes teacher, student and held-out data from a run, or the checkpoint that is named', () => {
  const whole = ['--teacher', project.teacher, '--data', project.validation, '--prompt', '{{question}}', '--max-new-tokens', '16'];
  const last = reports('--run', runDir);
  expect(last).toHaveLength(6);
  // A checkpoint's folder is as good as the model in it.
  expect(reports(...whole, '--student', join(runDir, 'checkpoints', 'step-12'))).toEqual(last);
  expect(reports('--run', runDir, '--step', '0', '--examples', '2')).toEqual(reports(...whole, '--student', project.student, '--examples', '2'));
  const wrong = retort('inspect', '--run', runDir, '--step', '3');
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain('0, 8, 12');
  expect(retort('inspect', '--teacher', project.teacher).stderr).toContain('--student is missing');
});

it('tells what a teacher with another tokenizer thinks of the student\'s tokens', async () => {
  const teacher = await otherModel(join(project.folder, 'other'), 3);
  const told = reports('--teacher', teacher, '--student', project.student, '--data', project.validation, '--prompt', '{{question}}', '--completion', '{{solution}}', '--divergence', 'forward_kl');
  expect(told).toHaveLength(6);
  for (const { tokens, comparedShare, meanDivergence } of told) {
    expect(comparedShare).toBe(tokens.filter(({ compared }) => compared !== false).length / tokens.length);
    expect(comparedShare).toBeGreaterThan(0.9);
    expect(meanDivergence).toBeGreaterThan(0);
    for (const { teacherTop, studentTop } of tokens) for (const top of [teacherTop, studentTop]) {
      expect(top.map(({ logprob }) => logprob)).toEqual(top.map(({ logprob }) => logprob).toSorted((a, b) => b - a));
      expect(top.every(({ id, logprob }) => id < 17 && logprob <= 0)).toBe(true);
    }
  }
});
