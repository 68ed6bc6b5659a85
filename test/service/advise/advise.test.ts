import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdviceReport } from '../../../src-main/contract/advice.ts';
import type { RecipeInput } from '../../../src-main/contract/recipe.ts';
import { adviseRun } from '../../../src-main/service/advise/advise.ts';
import { parseRecipe } from '../../../src-main/service/recipe/recipe-file.ts';
import { CLI } from '../../support/build.ts';
import { tinyProject, type TinyProject } from '../../support/tiny-project.ts';

let project: TinyProject;
beforeAll(async () => { project = await tinyProject(); });
afterAll(() => project.remove());

const advise = (changes: Partial<RecipeInput> = {}, rows = 10, signal = new AbortController().signal): Promise<AdviceReport> => adviseRun(
  { recipe: parseRecipe(project.recipe(changes), 'test'), runDir: join(project.folder, 'none'), rows, allowed: [] }, signal, () => undefined);
const numbers = ({ measured }: AdviceReport): Record<string, number> => Object.fromEntries(measured.map(({ name, value }) => [name, value]));
/** What does not depend on the clock: rates are tried only where a trial is quick. */
const steady = ({ measured, advice, ...report }: AdviceReport): object => ({
  ...report, advice: advice.filter(({ code }) => code !== 'rate'),
  measured: measured.filter(({ unit, name }) => unit !== 'milliseconds' && unit !== 'tokens a second' && !name.startsWith('rate.')),
});

it('measures both models on the held-out rows, the same every time, and leaves nothing behind', async () => {
  const report = await advise({ evaluate: { metrics: ['exact-match'] } });
  expect(report).toMatchObject({ rows: 6, of: 6, whose: 'held-out' });
  const told = numbers(report);
  for (const name of ['student.perplexity', 'teacher.perplexity', 'divergence.data', 'divergence.own', 'agreement.own', 'student.exact-match', 'teacher.lead', 'run.time', 'student.speed', 'teacher.ends']) {
    expect(told[name], name).toBeGreaterThanOrEqual(0);
  }
  // Untrained models of 17 tokens are not far from guessing, and a rate of 1e-3 has to bring them down.
  expect(told['student.perplexity']).toBeGreaterThan(8);
  expect(report.measured.find(({ name }) => name === 'student.perplexity')).toMatchObject({ rows: 6, low: expect.any(Number) as number });
  expect(steady(await advise({ evaluate: { metrics: ['exact-match'] } }))).toEqual(steady(report));
});

it('of training rows where nothing is held out, chosen by the seed', async () => {
  const { validation: _, ...data } = project.recipe().data;
  const [one, other] = [await advise({ data, seed: 1 }, 9), await advise({ data, seed: 2 }, 9)];
  expect(one).toMatchObject({ rows: 9, of: 40, whose: 'training' });
  expect(numbers(one)['student.perplexity']).not.toBe(numbers(other)['student.perplexity']);
  expect(one.advice.map(({ code }) => code)).toContain('held-out');
});

it('without a teacher is of the student alone', async () => {
  const { teacher: _, ...recipe } = project.recipe({ method: { preset: 'sft' } });
  const told = numbers(await adviseRun({ recipe: parseRecipe(recipe, 'test'), runDir: join(project.folder, 'none'), rows: 4, allowed: [] }, new AbortController().signal, () => undefined));
  expect(told['student.perplexity']).toBeGreaterThan(1);
  expect(Object.keys(told).filter((name) => name.startsWith('teacher') || name.startsWith('divergence'))).toEqual([]);
});

it('finds that a student is its own teacher, and held-out rows among the training ones', async () => {
  const report = await advise({ teacher: { model: project.student }, data: { ...project.recipe().data, validation: project.train } });
  expect(report.advice.map(({ code }) => code)).toEqual(expect.arrayContaining(['already-there', 'leak', 'same-model']));
  expect(report.measured.find(({ name }) => name === 'data.leaks')).toMatchObject({ value: 40, rows: 40 });
});

it('measures nothing of a recipe with a problem, and ends when it is cancelled', async () => {
  const report = await advise({ teacher: { model: '/nowhere' } });
  expect(report).toMatchObject({ rows: 0, measured: [] });
  expect(report.advice[0]).toMatchObject({ level: 'problem', message: expect.stringContaining('/nowhere') as string });
  await expect(advise({}, 4, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

const retort = (...args: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [CLI, '--home', join(project.folder, 'home'), ...args], { encoding: 'utf8' });

it('on the command line writes the recipe with the advice taken, and goes over nothing', async () => {
  const recipe = join(project.folder, 'recipe.json');
  const taken = join(project.folder, 'taken.json');
  await writeFile(recipe, JSON.stringify({ ...project.recipe(), data: { ...project.recipe().data, train: 'train.jsonl', maxCompletionTokens: 8 } }));
  const { status, stdout } = retort('--json', 'advise', recipe, '--rows', '4', '--write', taken);
  expect(status).toBe(0);
  const report = JSON.parse(stdout) as { advice: { code: string; mend?: { changes: object[] } }[]; taken: { code: string }[]; recipe: object };
  const few = report.advice.find(({ code }) => code === 'few-steps');
  expect(few).toMatchObject({ mend: { changes: [{ pointer: '/train/steps', value: 200 }, { pointer: '/train/epochs', value: null }] } });
  expect(report.taken.map(({ code }) => code)).toContain('few-steps');
  const written = JSON.parse(await readFile(taken, 'utf8')) as object;
  expect(written).toEqual(report.recipe);
  // What the person has written stays as it was, relative paths too.
  expect(written).toMatchObject({ data: { train: 'train.jsonl' }, train: { steps: 200 } });
  expect(retort('advise', recipe, '--write', taken)).toMatchObject({ status: 2, stderr: expect.stringContaining('is there already') as string });
  await writeFile(recipe, JSON.stringify(project.recipe({ student: { model: '/no/student' } })));
  const wrong = retort('advise', recipe);
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('/no/student') as string });
});
