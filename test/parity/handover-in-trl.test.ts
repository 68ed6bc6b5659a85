import { spawn, spawnSync, type ChildProcessByStdio, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { RecipeInput } from '../../src-main/contract/recipe.ts';
import { CLI } from '../support/build.ts';
import { killTree } from '../support/processes.ts';
import { readSafetensors } from '../support/read-safetensors.ts';
import { python, requires } from '../support/requires.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';

requires('python', 'trl')('a handed-over recipe under torchrun, in two processes', () => {
  /** PyTorch takes its time to be read, by two processes, on a machine that may be busy. */
  const PATIENCE = 900_000;
  let project: TinyProject;
  beforeAll(async () => { project = await tinyProject(); });
  afterAll(() => project.remove());

  const at = (...parts: string[]): string => join(project.folder, ...parts);
  const args = (...rest: string[]): string[] => [CLI, '--home', at('home'), '--json', ...rest];
  const retort = (...rest: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, args(...rest), { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const eventsOf = (output: string): RunEvent[] => output.trimEnd().split('\n').map((line) => JSON.parse(line) as RunEvent);
  const lossesOf = (events: RunEvent[]): number[] => events.flatMap((event) => (event.event === 'step' ? [event.loss] : []));
  const evaluations = (events: RunEvent[]): RunEvent[] => events.filter(({ event }) => event === 'evaluation');

  const differs = (loss: number, of: number): number => Math.abs(loss / of - 1);

  const weightsAfter = (runDir: string, step: number): Promise<Map<string, Float32Array>> => readSafetensors(join(runDir, 'checkpoints', `step-${step}`, 'model', 'model.safetensors'));
  const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, at_) => value - b[at_]!));

  const launch = (folder: string): ChildProcessByStdio<null, null, Readable> => spawn(join(dirname(python()!), 'torchrun'), ['--standalone', '--nproc_per_node', '2', 'train.py', '--cpu'], {
    cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ACCELERATE_USE_CPU: 'true', OMP_NUM_THREADS: '1', CUDA_VISIBLE_DEVICES: '', HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
  });

  /** Trains until a step is told, and kills the launcher and all of its processes at once. @returns the last step whose weights are there */
  async function killedAt(folder: string, step: number): Promise<number> {
    const training = launch(folder);
    training.stderr.resume();
    const ended = once(training, 'exit');
    const path = join(folder, 'run', 'events.jsonl');
    await expect.poll(() => existsSync(path) && readFileSync(path, 'utf8').includes(`"event": "step", "step": ${step},`), { timeout: PATIENCE, interval: 5 }).toBe(true);
    killTree(training.pid!);
    await ended;
    return Math.max(0, ...readdirSync(join(folder, 'run', 'checkpoints')).map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)));
  }

  /** Trains a handed-over folder while it is adopted. @returns what was told of it, and the run */
  async function train(folder: string): Promise<{ events: RunEvent[]; run: RunRecord }> {
    const training = launch(folder);
    let errors = '';
    training.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
    const following = spawn(process.execPath, args('adopt', folder), { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    following.stdout.on('data', (text: Buffer) => { told += text.toString(); });
    const over = once(following, 'exit');
    const [code] = await once(training, 'exit') as [number];
    if (code !== 0) following.kill();
    expect(code, errors.slice(-2000)).toBe(0);
    expect((await over)[0]).toBe(0);
    const lines = told.trimEnd().split('\n');
    return { events: eventsOf(lines.slice(0, -1).join('\n')), run: JSON.parse(lines.at(-1)!) as RunRecord };
  }

  async function both(name: string, changes: Partial<RecipeInput>): Promise<{ own: RunEvent[]; there: { events: RunEvent[]; run: RunRecord } }> {
    await writeFile(at(`${name}.json`), JSON.stringify(project.recipe({ evaluate: { every: 6, metrics: ['exact-match'] }, ...changes })));
    const own = retort('run', at(`${name}.json`));
    expect(own.status, own.stderr).toBe(0);
    expect(retort('handover', at(`${name}.json`), '--to', at(name)).status).toBe(0);
    return { own: eventsOf(own.stdout), there: await train(at(name)) };
  }

  it('learns from data as Retort does, step for step, and comes back live', async () => {
    const { own, there: { events, run } } = await both('data', { method: { preset: 'gkd', lambda: 0, divergence: 'jsd', beta: 0.3 } });
    const [here, away] = [lossesOf(own), lossesOf(events)];
    expect(away).toHaveLength(12);
    away.forEach((loss, step) => expect(Math.abs(loss / here[step]! - 1)).toBeLessThan(1e-3));
    for (const [step, evaluation] of evaluations(own).entries()) {
      const other = evaluations(events)[step]!;
      if (evaluation.event !== 'evaluation' || other.event !== 'evaluation') throw new Error('not evaluations');
      expect([other.step, other.metrics]).toEqual([evaluation.step, evaluation.metrics]);
      expect(other.divergence).toBeCloseTo(evaluation.divergence!, 4);
      expect(other.loss).toBeCloseTo(evaluation.loss!, 3);
    }
    expect(run).toMatchObject({ status: 'done', lastStep: 12, engine: { name: 'TRL', processes: 2 } });
    // What lies there is a run like any other.
    expect(JSON.parse(retort('inspect', '--run', run.id, '--examples', '1').stdout.split('\n')[0]!)).toHaveProperty('meanDivergence');
    expect(retort('export', '--run', run.id, '--to', at('exported')).status).toBe(0);
    expect(retort('resume', run.id)).toMatchObject({ status: 2 });
  }, PATIENCE);

  it('fine-tunes as Retort does', async () => {
    const { own, there: { events } } = await both('sft', { method: { preset: 'sft' } });
    const here = lossesOf(own);
    lossesOf(events).forEach((loss, step) => expect(Math.abs(loss / here[step]! - 1)).toBeLessThan(1e-3));
  }, PATIENCE);

  it('lets the student write, with adapters, and tells of its texts', async () => {
    const { there: { run } } = await both('own', { student: { model: project.student, adapter: { rank: 4 } }, method: { preset: 'gkd', lambda: 1, mixing: 'batch', divergence: 'reverse_kl' } });
    expect(run).toMatchObject({ status: 'done', parameters: expect.any(Number) as number });
    expect(JSON.parse(retort('inspect', '--run', run.id, '--examples', '1').stdout.split('\n')[0]!)).toHaveProperty('meanDivergence');
  }, PATIENCE);

  /** Fine-tuning on data of its own, then distilling from the given texts, by other schedules, batches and evaluations. */
  const STAGES = (): RecipeInput['stages'] => [
    { name: 'learn to write', method: { preset: 'sft' }, data: { train: project.validation }, train: { steps: 5, batchSize: 4, learningRate: 3e-3, schedule: 'cosine', finalLearningRate: 0.2 } },
    { name: 'distil', method: { preset: 'gkd', lambda: 0, divergence: 'jsd', beta: 0.3 }, train: { steps: 7, warmupSteps: 3 }, evaluate: { every: 4, metrics: ['perplexity'] } },
  ];
  const staged = (changes: Partial<RecipeInput> = {}): Partial<RecipeInput> => ({ train: { batchSize: 6, learningRate: 1e-3, schedule: 'linear', weightDecay: 0.01 }, checkpoint: { every: 4, keep: 9 }, stages: STAGES()!, ...changes });
  const ofStages = (events: RunEvent[]): RunEvent[] => events.filter(({ event }) => event === 'stage');

  it('trains one stage after the other as Retort does: losses, rates, evaluations, checkpoints and the weights at the end', async () => {
    const { own, there: { events, run } } = await both('stages', staged());
    const [here, away] = [own, events].map((all) => all.flatMap((event) => (event.event === 'step' ? [event] : [])));
    expect(away!.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    for (const [at, step] of away!.entries()) {
      const other = here![at]!;
      expect(differs(step.loss, other.loss), `step ${step.step}`).toBeLessThan(1e-3);
      expect(step.learningRate).toBeCloseTo(other.learningRate, 8);
      expect([step.lambda, step.totalTokens]).toEqual([other.lambda, other.totalTokens]);
      expect(step.epoch).toBeCloseTo(other.epoch, 8);
    }
    expect(ofStages(events)).toEqual(ofStages(own));
    expect(ofStages(events)).toHaveLength(2);
    expect(evaluations(events).map((event) => event.event === 'evaluation' && event.step)).toEqual([0, 5, 8, 12]);
    for (const [at, evaluation] of evaluations(own).entries()) {
      const other = evaluations(events)[at]!;
      if (evaluation.event !== 'evaluation' || other.event !== 'evaluation') throw new Error('not evaluations');
      expect([other.step, other.examples, Object.keys(other.metrics)]).toEqual([evaluation.step, evaluation.examples, Object.keys(evaluation.metrics)]);
      expect(other.loss).toBeCloseTo(evaluation.loss!, 3);
      expect(other.divergence === null).toBe(evaluation.divergence === null);
      if (evaluation.divergence !== null) expect(other.divergence).toBeCloseTo(evaluation.divergence, 4);
    }
    expect(run).toMatchObject({ status: 'done', lastStep: 12, totalSteps: 12 });
    const started = own.find((event) => event.event === 'started')!;
    const runDir = started.event === 'started' ? started.runDir : '';
    expect(readdirSync(at('stages', 'run', 'checkpoints')).sort()).toEqual(readdirSync(join(runDir, 'checkpoints')).sort());
    // What went on from the first stage's weights came to the same as here; the two add up in another order.
    const [mine, theirs, before] = await Promise.all([weightsAfter(runDir, 12), weightsAfter(at('stages', 'run'), 12), weightsAfter(runDir, 5)]);
    for (const [name, values] of mine) {
      const moved = distance(values, before.get(name)!);
      expect(distance(values, theirs.get(name)!), name).toBeLessThan(0.02 * moved + 1e-6);
    }
  }, PATIENCE);

  it('goes on where it was killed: within a stage, and where one has just ended', async () => {
    await writeFile(at('killed.json'), JSON.stringify(project.recipe({ evaluate: { examples: 2 }, ...staged({ checkpoint: { every: 2, keep: 2 } }) })));
    expect(retort('handover', at('killed.json'), '--to', at('killed')).status).toBe(0);
    const whole = lossesOf((await train(at('killed'))).events);
    await rm(at('killed'), { recursive: true });
    expect(retort('handover', at('killed.json'), '--to', at('killed')).status).toBe(0);
    // Behind the checkpoints of steps 2, 5 (the first stage's end) and 8.
    const kept = [await killedAt(at('killed'), 3), await killedAt(at('killed'), 6), await killedAt(at('killed'), 9)];
    const { events, run } = await train(at('killed'));
    expect(run).toMatchObject({ status: 'done', lastStep: 12 });
    const seen = new Map(events.flatMap((event) => (event.event === 'step' ? [[event.step, event.loss] as const] : [])));
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual(whole.map((_, at_) => at_ + 1));
    for (const [at_, loss] of whole.entries()) expect(differs(seen.get(at_ + 1)!, loss), `step ${at_ + 1}`).toBeLessThan(1e-4);
    // It may have been killed between its own checkpoint and what is read of it.
    const starts = events.flatMap((event) => (event.event === 'started' ? [event.fromStep] : []));
    expect(starts).toHaveLength(4);
    for (const [at_, step] of kept.entries()) expect(step > 0 && [2, 4, 5, 6, 8, 10, 12].includes(starts[at_ + 1]!) && starts[at_ + 1]! >= step, `${starts.join()} behind ${kept.join()}`).toBe(true);
  }, PATIENCE);

  it('takes an adapter through its stages, the student writing in the last', async () => {
    const { there: { run, events } } = await both('own stages', staged({
      student: { model: project.student, adapter: { rank: 4 } },
      stages: [STAGES()![0]!, { name: 'distil', method: { preset: 'gkd', lambda: 1, mixing: 'batch', divergence: 'reverse_kl' }, train: { steps: 3 } }],
    }));
    expect(run).toMatchObject({ status: 'done', lastStep: 8 });
    expect(events.flatMap((event) => (event.event === 'rollouts' ? event.rollouts.map(({ step }) => step) : [])).every((step) => step > 5)).toBe(true);
    expect(JSON.parse(retort('inspect', '--run', run.id, '--examples', '1').stdout.split('\n')[0]!)).toHaveProperty('meanDivergence');
  }, PATIENCE);
});
