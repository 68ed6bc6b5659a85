import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { recipeSchema, type RecipeInput } from '../../src-main/contract/recipe.ts';
import { BestSoFar } from '../../src-main/service/run/evaluation/best-so-far.ts';
import { runJob } from '../../src-main/service/run/run-job.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

const evaluation = (step: number, value: number) => ({ step, divergence: null, loss: null, metrics: { score: { value, low: null, high: null } } });

describe('the best evaluation so far', () => {
  const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(NaN, Infinity, -Infinity)), { minLength: 1, maxLength: 30 });

  test('is the first of the extreme ones, and patience counts what came since, wherever the run was cut off', () => {
    fc.assert(fc.property(values, fc.boolean(), fc.integer({ min: 1, max: 5 }), fc.nat(30), (scores, isLowerBetter, patience, cut) => {
      const metric = { name: 'score', isLowerBetter };
      let watched = new BestSoFar(metric, patience);
      scores.every((value, step) => {
        // As a checkpoint keeps it.
        if (step === cut) watched = new BestSoFar(metric, patience, JSON.parse(JSON.stringify(watched.state)) as object);
        const isBest = watched.watch(evaluation(step, value));

        const told = scores.slice(0, step + 1);
        const finite = told.filter(Number.isFinite);
        const extreme = isLowerBetter ? Math.min(...finite) : Math.max(...finite);
        const at = finite.length === 0 ? -1 : told.indexOf(extreme);
        expect(watched.score).toEqual(at < 0 ? null : { name: 'score', step: at, value: extreme });
        expect(isBest).toBe(at === step && step > 0);
        const since = step - Math.max(at, 0);
        expect(watched.stoppedEarly).toEqual(since >= patience ? { metric: 'score', evaluations: since } : null);
        return watched.stoppedEarly === null;
      });
    }));
  });

  test('begins anew with a checkpoint that knows nothing of it', () => {
    const watched = new BestSoFar({ name: 'loss', isLowerBetter: true }, 2, {});
    expect(watched.watch({ step: 8, divergence: null, loss: 3, metrics: {} })).toBe(true);
    expect(watched.score).toEqual({ name: 'loss', step: 8, value: 3 });
  });
});

let project: TinyProject;
let folder: string;
beforeAll(async () => {
  project = await tinyProject();
  folder = await mkdtemp(join(tmpdir(), 'retort-best-'));
});
afterAll(async () => {
  await project.remove();
  await rm(folder, { recursive: true });
});

class Killed extends Error {}
interface Given { isResumed?: boolean; stopAfter?: number; isKilledAt?(event: RunEvent): boolean }

/** A run that may be cut off at an event: it is told that one and nothing after it. */
async function run(name: string, changes: Partial<RecipeInput>, { isResumed = false, stopAfter = Infinity, isKilledAt = () => false }: Given = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  let steps = 0;
  await runJob({
    recipe: recipeSchema.parse({ ...project.recipe(), ...changes }), isResumed, runId: name, runDir: join(folder, name),
    emit: (event) => {
      events.push(event);
      if (isKilledAt(event)) throw new Killed();
    },
    stopRequest: () => (++steps >= stopAfter ? 'save' : null),
  }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  return events;
}

const checkpoints = async (name: string): Promise<number[]> =>
  (await readdir(join(folder, name, 'checkpoints'))).map((step) => Number(step.slice('step-'.length))).sort((a, b) => a - b);
const told = <Name extends RunEvent['event']>(events: readonly RunEvent[], name: Name) => events.filter((event): event is Extract<RunEvent, { event: Name }> => event.event === name);
const hash = async (name: string, step: number): Promise<string[]> => Promise.all(['model/model.safetensors', 'optimizer.safetensors', 'state.json'].map(async (file) =>
  createHash('sha256').update(await readFile(join(folder, name, 'checkpoints', `step-${step}`, file))).digest('hex')));

/** At this learning rate the student learns for a while, and then forgets again. */
const evaluated = (evaluate: object, steps = 12): Partial<RecipeInput> => ({
  train: { steps, batchSize: 6, microBatchSize: 4, learningRate: 0.1, schedule: 'constant' },
  evaluate: { every: 2, examples: 4, maxNewTokens: 2, best: 'loss', ...evaluate },
  checkpoint: { every: 3, keep: 1 },
});

/** The lowest loss that evaluations told, the plain way. */
const lowest = (events: readonly RunEvent[]): { name: string; step: number; value: number } =>
  told(events, 'evaluation').map(({ step, loss }) => ({ name: 'loss', step, value: loss! })).reduce((best, each) => (each.value < best.value ? each : best));

/** Names the places of a run's events, in their order: what happens behind which step. */
function placer(): (event: RunEvent) => string {
  let step = 0;
  return (event) => {
    if (event.event === 'started') step = event.fromStep;
    if (event.event === 'step') ({ step } = event);
    return `${event.event === 'phase' ? event.phase : event.event} behind step ${step}`;
  };
}

const last = (events: readonly RunEvent[]): RunEvent => events.at(-1)!;

describe('a run with patience', () => {
  let whole: RunEvent[];
  beforeAll(async () => { whole = await run('whole', evaluated({ patience: 2 })); });

  test('stops once so many evaluations were no better, and keeps the best checkpoint though later ones came', async () => {
    const best = lowest(whole);
    const stop = best.step + 4;
    expect(best.step).toBeGreaterThan(0);
    expect(stop).toBeLessThan(12);
    expect(last(whole)).toEqual({
      event: 'done', step: stop, checkpoint: join(folder, 'whole', 'checkpoints', `step-${stop}`), best, stoppedEarly: { metric: 'loss', evaluations: 2 },
    });
    expect(told(whole, 'step').map(({ step }) => step)).toEqual(Array.from({ length: stop }, (_, at) => at + 1));
    expect(await checkpoints('whole')).toEqual([best.step, stop]);
    expect(JSON.parse(await readFile(join(folder, 'whole', 'checkpoints', `step-${stop}`, 'state.json'), 'utf8')))
      .toMatchObject({ best: { step: best.step, value: best.value }, evaluationsSinceBest: 2 });
    const log = await readFile(join(folder, 'whole', 'log.txt'), 'utf8');
    expect(log).toContain(`step ${best.step}: checkpoint, the best so far: loss ${best.value.toFixed(4)}\n`);
    expect(log).toContain(`done after ${stop} steps, stopped early: 2 evaluations in a row brought no better loss; best loss`);
  });

  test('ends the same, to the bit, if it is killed at every event and resumed each time', async () => {
    const seen = new Map<number, number>();
    let isResumed = false;
    // A session tells its pace once it has made some steps, wherever it began.
    for (const place of new Set(whole.map(placer()).filter((name) => !/^(started|rollouts|pace)/.test(name)))) {
      const here = placer();
      const events = await run('cut', evaluated({ patience: 2 }), { isResumed, isKilledAt: (event) => here(event) === place });
      expect(events.map(placer()).at(-1)).toBe(place);
      for (const { step, loss } of told(events, 'step')) seen.set(step, loss);
      isResumed = true;
    }
    const end = await run('cut', evaluated({ patience: 2 }), { isResumed: true });
    const { checkpoint: _, ...same } = last(whole) as Extract<RunEvent, { event: 'done' }>;
    expect(last(end)).toMatchObject(same);
    // It had stopped already, so that nothing is learned or evaluated any more.
    expect(told(end, 'step')).toEqual([]);
    expect(told(end, 'restored')).toMatchObject([{ best: same.best }]);
    expect([...seen].sort(([a], [b]) => a - b)).toEqual(told(whole, 'step').map(({ step, loss }) => [step, loss]));
    expect(await checkpoints('cut')).toEqual(await checkpoints('whole'));
    for (const step of await checkpoints('whole')) expect(await hash('cut', step)).toEqual(await hash('whole', step));
  });

  test('clears away at its end what a run killed in its last step had not', async () => {
    const [best, stop] = await checkpoints('whole');
    const place = join(folder, 'whole', 'checkpoints');
    await cp(join(place, `step-${best}`), join(place, 'step-1'), { recursive: true });
    expect(last(await run('whole', evaluated({ patience: 2 }), { isResumed: true }))).toEqual(last(whole));
    expect(await checkpoints('whole')).toEqual([best, stop]);
  });
});

test('the student before training is the bar: a run that only makes it worse stops without a checkpoint to keep', async () => {
  const events = await run('worse', evaluated({ patience: 1 }));
  const best = lowest(events.slice(0, -1));
  expect(best.step).toBe(0);
  expect(last(events)).toMatchObject({ event: 'done', step: 2, best, stoppedEarly: { evaluations: 1 } });
  expect(await checkpoints('worse')).toEqual([2]);
});

test('the last evaluation may be the best: its checkpoint says so, and the best before it goes as any other', async () => {
  const events = await run('last', evaluated({}, 6));
  expect(last(events)).toMatchObject({ event: 'done', step: 6, best: { ...lowest(events), step: 6 } });
  expect(last(events)).not.toHaveProperty('stoppedEarly');
  expect(await checkpoints('last')).toEqual([6]);
  expect(JSON.parse(await readFile(join(folder, 'last', 'checkpoints', 'step-6', 'state.json'), 'utf8'))).toMatchObject({ best: { step: 6 }, evaluationsSinceBest: 0 });
});

test('a checkpoint of an older version, which knows nothing of a best one, is resumed', async () => {
  const recipe = evaluated({}, 5);
  expect(last(await run('older', recipe, { stopAfter: 3 }))).toMatchObject({ event: 'stopped', step: 3 });
  const file = join(folder, 'older', 'checkpoints', 'step-3', 'state.json');
  const { best: _, evaluationsSinceBest: __, sha256: ___, ...state } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify(state));
  const events = await run('older', recipe, { isResumed: true });
  expect(told(events, 'restored')[0]).not.toHaveProperty('best');
  expect(last(events)).toMatchObject({ event: 'done', step: 5, best: lowest(events) });
});

test('a run that asks for no best checkpoint tells of none', async () => {
  const events = await run('plain', { ...evaluated({ best: undefined, every: undefined }, 2) });
  expect(told(events, 'checkpoint')).toEqual([{ event: 'checkpoint', step: 2, path: join(folder, 'plain', 'checkpoints', 'step-2') }]);
  expect(last(events)).toEqual({ event: 'done', step: 2, checkpoint: join(folder, 'plain', 'checkpoints', 'step-2') });
  expect(await readFile(join(folder, 'plain', 'checkpoints', 'step-2', 'state.json'), 'utf8')).not.toContain('best');
});
