import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdviceReport } from '../../../src-main/contract/advice.ts';
import type { RecipeInput } from '../../../src-main/contract/recipe.ts';
import { adviseRun } from '../../../src-main/service/advise/advise.ts';
import { parseRecipe } from '../../../src-main/service/recipe/recipe-file.ts';
import { runJob } from '../../../src-main/service/run/run-job.ts';
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

/** Fine-tuning at a rate that does harm, then distilling by measures of its own. */
function staged(changes: Partial<RecipeInput> = {}): RecipeInput {
  const { steps: _, ...train } = project.recipe().train!;
  return project.recipe({
    train, checkpoint: { every: 50, keep: 3 }, evaluate: { metrics: ['exact-match'] },
    stages: [
      { name: 'write', method: { preset: 'sft' }, data: { train: 'train.jsonl' }, train: { steps: 40, learningRate: 3, warmupSteps: 0 } },
      { name: 'distil', train: { steps: 300 }, evaluate: { metrics: ['bleu'] } },
    ], ...changes,
  });
}

it('measures each stage by its own method and metrics, and of one whose student is yet to come what the teacher and the data tell', async () => {
  const stages = staged().stages!.map((stage) => ({ ...stage, ...(stage.data && { data: { train: project.train } }) }));
  const report = await advise(staged({ stages }), 4);
  expect(report).toMatchObject({ rows: 4, of: 6, whose: 'held-out', stages: [{ name: 'write', step: 0, rows: 4, of: 6, whose: 'held-out' }, { name: 'distil', step: null, rows: 4 }] });
  const told = numbers(report);
  expect(told['stages.0.student.exact-match']).toBeGreaterThanOrEqual(0);
  expect(told['stages.1.student.bleu']).toBeGreaterThanOrEqual(0);
  for (const name of ['stages.0.student.bleu', 'stages.1.student.exact-match', 'stages.0.teacher.perplexity']) expect(told, name).not.toHaveProperty([name]);
  expect(told['stages.0.rate.3']).toBeGreaterThan(0);
  // Rates are tried of the student that will learn by them, and of no other.
  expect(Object.keys(told).filter((name) => name.startsWith('stages.1.rate.'))).toEqual([]);
  const rate = report.advice.find(({ code }) => code === 'rate')!;
  expect(rate).toMatchObject({ field: 'stages.0.train.learningRate', message: expect.stringMatching(/^Stage "write": The learning rate is too high/) as string });
  expect(rate.measured.every((name) => name in told)).toBe(true);
  expect(report.advice.filter(({ field }) => field?.startsWith('stages.1.')).map(({ code }) => code)).not.toContain('cannot-write');
  for (const { measured } of report.advice) for (const name of measured) expect(told).toHaveProperty([name]);
});

it('measures later stages of a run with the students that they began with', async () => {
  const stages = [{ name: 'write', method: { preset: 'sft' as const }, train: { steps: 2 } }, { name: 'distil', train: { steps: 2 } }];
  const recipe = parseRecipe(staged({ stages, checkpoint: { every: 2, keep: 3 } }), 'test');
  const runDir = join(project.folder, 'begun');
  await runJob({ recipe, runDir, runId: 'begun', isResumed: false, stopRequest: () => null, emit: () => undefined });
  const of = async (begunIn?: string): Promise<AdviceReport> => adviseRun({ recipe, runDir: join(project.folder, 'none'), ...(begunIn !== undefined && { begunIn }), rows: 6, allowed: [] }, new AbortController().signal, () => undefined);
  const [before, begun] = [await of(), await of(runDir)];
  expect([before, begun].map((report) => report.stages!.map(({ step }) => step))).toEqual([[0, null], [0, 2]]);
  const [without, withIt] = [numbers(before), numbers(begun)];
  expect(withIt['stages.0.student.perplexity']).toBe(without['stages.0.student.perplexity']);
  // It is the student of the checkpoint: what a recipe that begins with it measures.
  const { stages: _, ...alone } = staged();
  const there = numbers(await advise({ ...alone, student: { model: join(runDir, 'checkpoints', 'step-2', 'model') }, train: { ...alone.train, steps: 2 } }, 6));
  expect(withIt['stages.1.student.perplexity']).toBe(there['student.perplexity']);
  expect(withIt['stages.1.student.perplexity']).not.toBe(without['stages.1.student.perplexity']);
  expect(Object.keys(withIt).some((name) => name.startsWith('stages.1.rate.'))).toBe(true);
});

it('on the command line takes the advice on several stages together, and leaves their other words as they are', async () => {
  const recipe = join(project.folder, 'staged.json');
  const taken = join(project.folder, 'staged-taken.json');
  const given = staged();
  await writeFile(recipe, JSON.stringify({ ...given, stages: [given.stages![0]!, { ...given.stages![1]!, method: { preset: 'sft' }, train: { steps: 3 } }] }));
  const { status, stdout, stderr } = retort('--json', 'advise', recipe, '--rows', '4', '--write', taken);
  expect([status, stderr]).toEqual([0, '']);
  const report = JSON.parse(stdout) as { taken: { code: string; changes: { pointer: string }[] }[]; recipe: { stages: object[] } };
  const pointers = report.taken.flatMap(({ changes }) => changes.map(({ pointer }) => pointer));
  expect(pointers).toEqual(expect.arrayContaining(['/stages/0/train/learningRate', '/stages/1/train/steps']));
  const written = JSON.parse(await readFile(taken, 'utf8')) as { stages: { data?: object; train: { steps: number; learningRate: number } }[] };
  expect(written).toEqual(report.recipe);
  expect(written.stages[0]).toMatchObject({ name: 'write', data: { train: 'train.jsonl' }, method: { preset: 'sft' } });
  expect(written.stages[0]!.train.learningRate).toBeLessThan(3);
  expect(written.stages[1]!.train.steps).toBeGreaterThan(3);
  const text = retort('advise', recipe, '--rows', '4').stdout;
  for (const part of ['Stage "write", the recipe\'s student, measured on 4 of 6 held-out rows', 'Stage "distil", as the student is now: what the stages before make of it is yet to come, measured on', 'stages.0.train.learningRate']) expect(text).toContain(part);
  expect(retort('advise')).toMatchObject({ status: 2, stderr: expect.stringContaining('of a recipe or of a run') as string });
});
