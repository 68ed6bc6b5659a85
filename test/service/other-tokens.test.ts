import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent, StepMetrics } from '../../src-main/contract/events.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { listCheckpoints } from '../../src-main/run-folder/checkpoint-folder.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { firstExamples } from '../../src-main/text/example-set.ts';
import { command, type Followed, type KillPlace, type Told as ToldByCommand } from '../support/command.ts';
import { otherModel, permuted } from '../support/other-tokens.ts';
import { remembered } from '../support/remembered.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let other: string;
let shuffled: string;
const ORDER = [5, 16, 3, 0, 11, 8, 13, 1, 9, 2, 15, 4, 10, 7, 12, 6, 14];

beforeAll(async () => {
  project = await tinyProject();
  other = await otherModel(join(project.folder, 'other'), 3);
  shuffled = await permuted(project.teacher, join(project.folder, 'shuffled'), ORDER);
});
afterAll(() => project.remove());

interface Told { events: RunEvent[]; steps: StepMetrics[]; runDir: string }

async function run(name: string, changes: Partial<RecipeInput>, { isResumed = false, stopAfter = Infinity, cache }: { isResumed?: boolean; stopAfter?: number; cache?: string } = {}): Promise<Told> {
  const recipe = recipeSchema.parse({ ...project.recipe(), train: { steps: 6, batchSize: 6, microBatchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 4 }, ...changes });
  const events: RunEvent[] = [];
  let count = 0;
  const runDir = join(project.folder, 'runs', name);
  await runJob({ recipe, isResumed, runId: name, runDir, emit: (event) => events.push(event), stopRequest: () => (++count >= stopAfter ? 'save' : null), ...(cache !== undefined && { cache }) });
  return { events, runDir, steps: events.flatMap((event) => (event.event === 'step' ? [event] : [])) };
}

const weightsOf = async ({ runDir }: Told): Promise<Buffer> => readFile(join((await listCheckpoints(join(runDir, 'checkpoints'))).at(-1)!.path, 'model', 'model.safetensors'));
const learning = (told: Told): unknown => told.steps.map(({ loss, gradientNorm, divergenceOnPolicy, divergenceOffPolicy, agreement, teacherEntropy }) => ({ loss, gradientNorm, divergenceOnPolicy, divergenceOffPolicy, agreement, teacherEntropy }));

/** Steps for which the student wrote a special token of its own, <s>, behind which nothing is known of the teacher. */
const withOwnSpecials = (events: readonly RunEvent[]): Set<number> =>
  new Set(events.flatMap((event) => (event.event === 'rollouts' ? event.rollouts.filter(({ tokens }) => tokens.includes(0)).map(({ step }) => step) : [])));

describe('a teacher that says the same by other ids', () => {
  it.each(['forward_kl', 'reverse_kl', 'jsd', 'tvd'] as const)('teaches by %s what the teacher itself does, to rounding', async (divergence) => {
    const method = { preset: 'gkd' as const, lambda: 0.5, mixing: 'example' as const, divergence, beta: 0.3, lossTemperature: divergence === 'jsd' ? 1.5 : 1 };
    const [usual, apart] = [await run(`usual-${divergence}`, { method }), await run(`shuffled-${divergence}`, { method, teacher: { model: shuffled } })];
    expect(apart.steps).toHaveLength(6);
    usual.steps.forEach((step, at) => {
      const found = apart.steps[at]!;
      for (const field of ['loss', 'gradientNorm', 'teacherEntropy', 'agreement'] as const) expect(found[field]).toBeCloseTo(step[field]!, 5);
      expect(found).toMatchObject({ teacherCompared: 1 });
      expect(found.teacherCovered).toBeCloseTo(1, 6);
      expect(step).toMatchObject({ teacherCompared: null, teacherCovered: null });
    });
    const held = (told: Told): number[] => told.events.flatMap((event) => (event.event === 'evaluation' ? [event.divergence!] : []));
    held(usual).forEach((value, at) => { expect(held(apart)[at]).toBeCloseTo(value, 5); });
  });
});

/** The sample's own models and data. */
const SAMPLE = join(import.meta.dirname, '../../resources/sample');

it('a student of the sample gets better at its task by a teacher that was trained with longer tokens', async () => {
  const { events, steps } = await run('learning', {
    seed: 3, teacher: { model: join(import.meta.dirname, '../fixtures/other-tokens/teacher') }, student: { model: join(SAMPLE, 'student') },
    data: { train: join(SAMPLE, 'train.jsonl'), validation: join(SAMPLE, 'dev.jsonl'), prompt: '{{question}}', completion: '{{solution}}', maxPromptTokens: 20, maxCompletionTokens: 56 },
    method: { preset: 'gkd', lambda: 0.5, divergence: 'forward_kl' },
    train: { steps: 250, batchSize: 24, learningRate: 1.5e-3, schedule: 'linear' }, evaluate: { metrics: ['accuracy'], examples: 100 }, checkpoint: { every: 250 },
  });
  const strange = withOwnSpecials(events);
  expect(strange.size).toBeLessThan(steps.length / 2);
  for (const { step, teacherCompared } of steps) if (!strange.has(step)) expect(teacherCompared).toBe(1);
  const [before, after] = events.flatMap((event) => (event.event === 'evaluation' ? [event] : []));
  expect(after!.divergence).toBeLessThan(before!.divergence! / 2);
  expect(after!.metrics['accuracy']!.value).toBeGreaterThan(before!.metrics['accuracy']!.value + 0.15);
  // The teacher answers in its own tokens, and is read as text.
  expect(after!.samples[0]!.teacher).toMatch(/^\d+[+-]\d=\d+;.*#\d+$/);
});

describe('a chat', () => {
  it('is read by each model in its own template', async () => {
    const chats = join(project.folder, 'chats.jsonl');
    await writeFile(chats, ['1+2=', '3-1='].map((content) => `${JSON.stringify({ messages: [{ role: 'user', content }, { role: 'assistant', content: '#3' }] })}\n`).join(''));
    const template = async (model: string, name: string, text: string): Promise<string> => {
      const to = join(project.folder, name);
      await cp(model, to, { recursive: true });
      await writeFile(join(to, 'chat_template.jinja'), text);
      return to;
    };
    const student = await template(project.student, 'chat-student', '{% for m in messages %}{{ m.content }}{% if m.role == "assistant" %}</s>{% else %};{% endif %}{% endfor %}');
    const teacher = await template(other, 'chat-teacher', '{% for m in messages %}{% if m.role == "user" %}##{{ m.content }}##{% else %}{{ m.content }}<end>{% endif %}{% endfor %}');
    const recipe = recipeSchema.parse({ ...project.recipe(), teacher: { model: teacher }, student: { model: student }, data: { train: chats, messages: 'messages', maxPromptTokens: 24, maxCompletionTokens: 16 } });
    const { alignment, train, teacher: read } = await prepareRun(recipe, join(project.folder, 'runs', 'chat'));
    const [first] = await firstExamples(train, 1);
    expect(read!.tokenizer.decode([...alignment!.promptOf(first!.prompt)], { skipSpecial: false })).toBe('##1+2=##');
    expect([...alignment!.align(first!.completion).places].map((place) => place !== null)).toEqual([true, true, true]);
    const { steps } = await run('chat', { teacher: { model: teacher }, student: { model: student }, data: { train: chats, messages: 'messages', maxPromptTokens: 24, maxCompletionTokens: 16 }, evaluate: {} });
    expect(steps).toHaveLength(6);
  });
});

describe('what needs one tokenizer is refused in a sentence', () => {
  it.each([
    ['minillm', { method: { preset: 'minillm' as const } }, 'minillm'],
    ['acceptance', { evaluate: { metrics: ['acceptance'] } }, 'evaluate.metrics'],
    ['learn', { data: { messages: 'messages', learn: 'all' as const } }, 'data.learn'],
  ])('%s', async (name, changes, field) => {
    const given = project.recipe();
    const recipe = recipeSchema.parse({ ...given, teacher: { model: other }, ...changes, ...('data' in changes && { data: { train: given.data.train, ...changes.data } }) });
    await expect(prepareRun(recipe, join(project.folder, 'runs', `refused-${name}`))).rejects.toMatchObject({ message: expect.stringContaining(field) as string, kind: 'input' });
    await expect(prepareRun(recipe, join(project.folder, 'runs', `refused-${name}`))).rejects.toThrow('another tokenizer');
  });
});

describe('a teacher with longer tokens', () => {
  it('says before the run what is shared and compared, and measures it', async () => {
    const told = await run('other', { teacher: { model: other } });
    const notice = told.events.find((event) => event.event === 'warning' && event.code.startsWith('compared-tokens'));
    expect(notice).toMatchObject({ message: expect.stringMatching(/94% of the student's tokens.*On train\.jsonl the two are compared at 100% of the tokens/) as string });
    const strange = withOwnSpecials(told.events);
    for (const { step, teacherCompared, loss, gradientNorm, teacherCovered } of told.steps) {
      if (strange.has(step)) expect(teacherCompared).toBeGreaterThan(0.4);
      else expect(teacherCompared).toBe(1);
      expect(teacherCovered).toBeLessThan(1);
      expect(loss > 0 && gradientNorm > 0).toBe(true);
    }
  });

  it.each(['gkd', 'supervised-kd', 'on-policy-kd', 'seqkd', 'imitkd', 'f-distill', 'distillspec', 'self-distill'] as const)('teaches by %s', async (preset) => {
    const { steps, events } = await run(`other-${preset}`, { method: { preset }, teacher: { model: other } });
    expect(steps).toHaveLength(6);
    for (const { loss, gradientNorm } of steps) expect(Number.isFinite(loss) && gradientNorm > 0).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'done', step: 6 });
  });

  it.each([
    ['in phases', { train: { steps: 3, batchSize: 6, microBatchSize: 4, learningRate: 1e-3, phases: true } }, {}],
    ['in int8, whose output layer is unpacked for many positions at once', {}, { precision: 'int8' as const }],
    ['with recomputed layers, by the whole of a policy and a divergence', { train: { steps: 3, batchSize: 6, microBatchSize: 4, learningRate: 1e-3, recompute: true }, method: { preset: 'rl-gkd' as const, reward: { kind: 'regex' as const, pattern: '7' } } }, {}],
  ])('teaches %s', async (name, changes, teacher) => {
    const { events } = await run(name.slice(0, 8), { ...changes, teacher: { model: other, ...teacher } });
    expect(events.at(-1)).toMatchObject({ event: 'done' });
  });

  it('does not depend on how the batch is split', async () => {
    const of = (microBatchSize: number): Promise<Told> => run(`split-${microBatchSize}`, { teacher: { model: other }, train: { steps: 3, batchSize: 6, microBatchSize, learningRate: 1e-3 } });
    const [one, four] = [await of(1), await of(4)];
    one.steps.forEach(({ loss, teacherCompared }, at) => {
      expect(four.steps[at]!.loss).toBeCloseTo(loss, 5);
      expect(four.steps[at]!.teacherCompared).toBe(teacherCompared);
    });
  });

  it('goes on to the bit where it was stopped, and finds its own states on the disk', async () => {
    const changes = { teacher: { model: other, cache: true }, method: { preset: 'gkd' as const, lambda: 0.5 } };
    const cache = join(project.folder, 'cache');
    const whole = await run('whole', changes, { cache });
    const before = await run('cut', changes, { cache, stopAfter: 3 });
    const after = await run('cut', changes, { cache, isResumed: true });
    expect([...learning(before) as unknown[], ...learning(after) as unknown[]]).toEqual(learning(whole));
    expect(await weightsOf(after)).toEqual(await weightsOf(whole));
  });

  it.each<{ what: string; places: KillPlace[]; changes: Partial<RecipeInput> }>([
    { what: 'between checkpoints', places: ['step 2', 'step 3', 'step 5'], changes: {} },
    { what: 'behind its own states on the disk', places: ['step 4'], changes: { get teacher() { return { model: other, cache: true }; }, method: { preset: 'gkd', lambda: 0.5 } } },
    { what: 'in phases', places: ['step 5'], changes: { train: { steps: 6, batchSize: 6, microBatchSize: 4, learningRate: 1e-3, phases: true } } },
  ])('goes on to the bit where it was killed: $what', async ({ what, places, changes }) => {
    const recipe = { ...project.recipe(), teacher: { model: other }, train: { steps: 6, batchSize: 6, microBatchSize: 4, learningRate: 1e-3 }, evaluate: { examples: 4 }, checkpoint: { every: 2, keep: 2 }, ...changes };
    const file = join(project.folder, 'killed.json');
    await writeFile(file, JSON.stringify(recipe));
    const go = (name: string, args: readonly string[], place?: KillPlace): ReturnType<typeof command> => command(join(project.folder, `${what} ${name} home`), args, place);
    const runDir = (name: string): string => join(project.folder, `${what} ${name}`);
    const whole = await go('whole', ['run', file, '--run-dir', runDir('whole')]);
    expect([whole.code, whole.errors]).toEqual([0, '']);
    const learned = ({ events }: Pick<Followed, 'events'>): [number, unknown][] => events.flatMap((event) => {
      const { event: kind, step, loss, gradientNorm, teacherCompared, teacherCovered } = event as ToldByCommand & Record<string, number>;
      return kind === 'step' ? [[step!, { loss, gradientNorm, teacherCompared, teacherCovered }]] : [];
    });
    for (const [turn, place] of [...places, undefined].entries()) {
      const followed = await go('cut', turn === 0 ? ['run', file, '--run-dir', runDir('cut')] : ['resume', runDir('cut')], place);
      expect([followed.code, followed.signal, followed.errors]).toEqual(place === undefined ? [0, null, ''] : [null, 'SIGKILL', '']);
    }
    const { steps: kept } = await remembered(join(project.folder, `${what} cut home`), runDir('cut'));
    expect(learned({ events: kept.map((step) => ({ ...step, event: 'step' }) as ToldByCommand) })).toEqual(learned(whole));
    const weights = (name: string): Promise<Buffer[]> => Promise.all(['model/model.safetensors', 'optimizer.safetensors'].map((part) => readFile(join(runDir(name), 'checkpoints', 'step-6', part))));
    expect(await weights('cut')).toEqual(await weights('whole'));
  });
});
