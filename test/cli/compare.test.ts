import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../support/build.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let runDir: string;

interface Line { event: string; prompt: string; reference: string; answers: { model: string; text: string; scores: Record<string, number> }[]; models: { label: string; scores: Record<string, { value: number }> }[] }

function retort(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8' });
}
const lines = (...args: string[]): Line[] => retort('--json', 'compare', ...args).stdout.trim().split('\n').map((line) => JSON.parse(line) as Line);

beforeAll(async () => {
  project = await tinyProject();
  const recipe = project.recipe({ evaluate: { metrics: ['exact-match', 'rouge'] } });
  await writeFile(join(project.folder, 'recipe.json'), JSON.stringify(recipe));
  runDir = join(project.folder, 'run');
  expect(retort('run', join(project.folder, 'recipe.json'), '--run-dir', runDir).status).toBe(0);
});
afterAll(() => project.remove());

it('compares a run\'s teacher with its student before and after on its held-out prompts, as the run has evaluated them', () => {
  const told = lines('--run', runDir, '--max-new-tokens', '16');
  expect(told.map(({ event }) => event)).toEqual([...Array<string>(6).fill('row'), 'done']);
  expect(told.slice(0, -1).every(({ answers, reference }) => answers.map(({ model }) => model).join() === 'teacher,before,step 12' && reference !== null)).toBe(true);
  const { evaluations } = JSON.parse(retort('--json', 'show', runDir).stdout) as { evaluations: { step: number; divergence: number; metrics: Record<string, { value: number }> }[] };
  const [, before, after] = told.at(-1)!.models;
  for (const [model, step] of [[before!, 0], [after!, 12]] as const) {
    const { divergence, metrics } = evaluations.find((evaluation) => evaluation.step === step)!;
    expect(model.scores['reference-divergence']!.value).toBeCloseTo(divergence, 5);
    for (const [name, { value }] of Object.entries(metrics)) expect(model.scores[name]!.value).toBeCloseTo(value, 9);
  }
});

it('prints answers with their differences to the reference, and a table of what the models are worth', () => {
  const { status, stdout } = retort('compare', '--models', `${project.teacher},${project.student}`, '--data', project.validation, '--prompt', '{{question}}',
    '--reference', '{{solution}}', '--metric', 'exact-match', '--examples', '2', '--max-new-tokens', '12');
  expect(status).toBe(0);
  expect(stdout).toContain('reference: ');
  expect(stdout).toMatch(/teacher: .*\[-.*\[exact-match 0, length \d+\]/);
  expect(stdout).toMatch(/model +parameters +MiB +tokens\/s +exact-match +ended\nteacher /);
});

it('writes to a prompt given by hand what each model does alone', () => {
  const prompt = ['--prompt', '1+2+3=', '--max-new-tokens', '10'];
  const [row] = lines('--model', project.teacher, '--model', join(runDir, 'checkpoints', 'step-12'), '--teacher', project.teacher, ...prompt);
  for (const [at, model] of [project.teacher, join(runDir, 'checkpoints', 'step-12', 'model')].entries()) {
    expect(row!.answers[at]!.text).toBe((JSON.parse(retort('--json', 'generate', '--model', model, ...prompt).stdout) as { text: string }).text);
  }
  expect(row!.answers[1]!.scores['divergence']).toBeGreaterThan(0);
});

it('says what is missing', () => {
  const { teacher, student, validation } = project;
  const refused = (...args: string[]): string => {
    const { status, stderr } = retort('compare', ...args);
    expect(status).toBe(2);
    return stderr;
  };
  expect(refused('--prompt', 'x')).toContain('There are no models');
  expect(refused('--model', teacher, '--prompt', 'x')).toContain('only one model');
  expect(refused('--model', teacher, '--model', student)).toContain('nothing to answer');
  expect(refused('--model', teacher, '--model', student, '--data', validation)).toContain('--prompt is missing');
  expect(refused('--model', teacher, '--model', student, '--prompt', 'x', '--metric', 'bleu')).toContain('needs right answers');
});
