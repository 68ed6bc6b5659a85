import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src-main/contract/events.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { readEvaluations, readSamples } from '../../src-main/store/evaluations.ts';
import { HistoryRecorder } from '../../src-main/store/history-recorder.ts';
import { readLog } from '../../src-main/store/log.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { readRollouts } from '../../src-main/store/rollouts.ts';
import { findRun, listRuns, markInterrupted } from '../../src-main/store/runs.ts';
import type { Database } from '../../src-main/store/sqlite.ts';
import { readSteps } from '../../src-main/store/steps.ts';
import { evaluation, historyWithRun, rollout, stepMetrics, temporaryFolder } from './fixtures.ts';

const started = (fromStep = 0): RunEvent =>
  ({ event: 'started', runId: 'a', runDir: '/runs/a', name: 'subjects', steps: 500, fromStep, parameters: 12345 });
const step = (number: number, loss = 1 / number): RunEvent => ({ event: 'step', ...stepMetrics(number, { loss }) });
const losses = async (database: Database): Promise<(number | null)[]> =>
  (await readSteps(database, 'a', { after: 0, limit: 10_000 })).map((row) => row.loss);
const byStep = { order: 'step', descending: false, offset: 0, limit: 1000 } as const;

describe('HistoryRecorder', () => {
  it('keeps a whole run', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a');
    recorder.record(started());
    recorder.record({ event: 'phase', phase: 'prepare', done: 1, total: 2 });
    recorder.record({ event: 'evaluation', ...evaluation(0, { metrics: {} }) });
    recorder.record(step(1));
    recorder.record({ event: 'rollouts', rollouts: [rollout(1)] });
    recorder.record({ event: 'warning', code: 'repetition', message: 'It repeats itself.' });
    recorder.record(step(2));
    recorder.record({ event: 'checkpoint', step: 2, path: '/runs/a/checkpoints/step-2' });
    recorder.record({ event: 'evaluation', ...evaluation(2) });
    recorder.record({ event: 'done', step: 2, checkpoint: '/runs/a/checkpoints/step-2' });
    await recorder.flush();

    expect(await losses(database)).toEqual([1, 0.5]);
    const { samples, ...point } = evaluation(2);
    expect(await readEvaluations(database, 'a')).toEqual([{ ...point, step: 0, metrics: {} }, point]);
    expect(await readSamples(database, 'a', 2)).toEqual(samples);
    expect((await readRollouts(database, 'a', byStep)).rollouts).toEqual(
      [{ ...rollout(1), id: 1, meanDivergence: 0.75, maxDivergence: 1.5 }]);
    expect((await readLog(database, 'a', { after: 0, limit: 100 })).map(({ code, step: at, level }) => [code, at, level])).toEqual([
      ['started', 0, 'info'], ['repetition', 1, 'warning'], ['checkpoint', 2, 'info'], ['done', 2, 'info'],
    ]);
    expect(await findRun(database, 'a')).toMatchObject({
      status: 'done', lastStep: 2, totalSteps: 500, parameters: 12345, error: null,
      started: expect.any(Number), ended: expect.any(Number), updated: expect.any(Number),
      checkpoint: { step: 2, path: '/runs/a/checkpoints/step-2' },
      headline: { name: 'rouge2', value: 0.2, step: 2 },
    });
  });

  it('writes within a moment, and at once when many wait', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a');
    for (let number = 1; number <= 63; number += 1) recorder.record(step(number));
    expect(await losses(database)).toHaveLength(0);
    recorder.record(step(64));
    await expect.poll(() => losses(database)).toHaveLength(64);
    recorder.record(step(65));
    await expect.poll(() => losses(database)).toHaveLength(65);
  });

  it('writes the last events of a run that stops right after them', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a');
    recorder.record(started());
    for (let number = 1; number <= 200; number += 1) recorder.record(step(number));
    recorder.record({ event: 'stopped', step: 200, checkpoint: '/runs/a/checkpoints/step-200' });
    await recorder.flush();
    expect(await losses(database)).toHaveLength(200);
    expect(await findRun(database, 'a')).toMatchObject({ status: 'stopped' });
  });

  it('writes again what lies beyond the checkpoint it resumes from', async () => {
    const database = await historyWithRun();
    const first = new HistoryRecorder(database, 'a');
    first.record(started());
    for (let number = 1; number <= 230; number += 1) {
      first.record(step(number, 1));
      if (number % 10 === 0) first.record({ event: 'rollouts', rollouts: [rollout(number)] });
      if (number % 100 === 0) first.record({ event: 'checkpoint', step: number, path: `/runs/a/checkpoints/step-${number}` });
      if (number % 50 === 0) first.record({ event: 'evaluation', ...evaluation(number) });
      if (number % 115 === 0) first.record({ event: 'warning', code: 'length', message: 'Longer and longer.' });
    }
    first.record({ event: 'evaluation', ...evaluation(220, { metrics: { rouge2: { value: 0.9, low: null, high: null } } }) });
    first.interrupted(new Problem('The worker died.', { kind: 'failure' }));
    await first.flush();
    expect(await findRun(database, 'a')).toMatchObject({
      status: 'interrupted', lastStep: 230, headline: { value: 0.9 }, checkpoint: { step: 200 }, error: { message: 'The worker died.' },
    });

    const second = new HistoryRecorder(database, 'a');
    second.record(started(200));
    await second.flush();
    expect(await findRun(database, 'a')).toMatchObject({
      status: 'running', ended: null, error: null, lastStep: 200, headline: { value: 0.2, step: 200 }, checkpoint: { step: 200 },
    });
    expect((await readRollouts(database, 'a', byStep)).rollouts.at(-1)?.step).toBe(200);
    for (let number = 201; number <= 240; number += 1) second.record(step(number, 2));
    second.record({ event: 'evaluation', ...evaluation(200, { examples: 7 }) });
    await second.flush();
    expect(await losses(database)).toEqual([...Array<number>(200).fill(1), ...Array<number>(40).fill(2)]);
    expect((await readEvaluations(database, 'a')).map((row) => [row.step, row.examples])).toEqual([[50, 100], [100, 100], [150, 100], [200, 7]]);
    expect((await readLog(database, 'a', { after: 0, limit: 100 })).map((entry) => entry.code)).toEqual(
      ['started', 'checkpoint', 'length', 'checkpoint', 'interrupted', 'resumed']);

    const third = new HistoryRecorder(database, 'a');
    third.record(started(100));
    await third.flush();
    expect(await findRun(database, 'a')).toMatchObject({ lastStep: 100, checkpoint: null });
  });

  it('keeps which evaluation was the best as the last checkpoint tells it', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a');
    const [early, late] = [{ name: 'rougeL', step: 100, value: 0.25 }, { name: 'rougeL', step: 200, value: 0.5 }];
    const checkpoint = (at: number, best: typeof early): RunEvent => ({ event: 'checkpoint', step: at, path: `/runs/a/checkpoints/step-${at}`, best });
    const bestNow = async (): Promise<unknown> => {
      await recorder.flush();
      return (await findRun(database, 'a')).best;
    };
    recorder.record(started());
    expect(await bestNow()).toBeNull();
    recorder.record(step(100));
    recorder.record(checkpoint(100, early));
    expect(await bestNow()).toEqual(early);
    recorder.record(step(200));
    recorder.record(checkpoint(200, late));
    expect(await bestNow()).toEqual(late);

    recorder.record(started(100));
    recorder.record({ event: 'restored', checkpoint: { step: 100, path: '/runs/a/checkpoints/step-100' }, steps: [], evaluations: [], best: early });
    expect(await bestNow()).toEqual(early);
    recorder.record(checkpoint(150, early));
    recorder.record({ event: 'done', step: 150, checkpoint: '/runs/a/checkpoints/step-150', best: early, stoppedEarly: { metric: 'rougeL', evaluations: 3 } });
    expect(await bestNow()).toEqual(early);
    expect((await readLog(database, 'a', { after: 0, limit: 100 })).map(({ message }) => message)).toEqual([
      'Started; 500 steps.', 'Checkpoint at step 100, the best so far: rougeL 0.2500.', 'Resumed from step 100 of 500.', 'Checkpoint at step 150.',
      'Stopped early after step 150: 3 evaluations in a row brought no better rougeL. Best rougeL 0.2500 at step 100.',
    ]);
    recorder.record(started());
    expect(await bestNow()).toBeNull();
  });

  it('believes a checkpoint more than its own rows', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a');
    recorder.record(started());
    for (let number = 1; number <= 40; number += 1) recorder.record(step(number, number));
    recorder.record({ event: 'evaluation', ...evaluation(20) });
    await recorder.flush();
    // What a flipped bit does: step 35 became 51, another one has another loss, an evaluation another number.
    await database.exec('UPDATE steps SET step = 51 WHERE step = 35; UPDATE steps SET loss = 7000 WHERE step = 12; UPDATE evaluations SET examples = 3');
    recorder.record(started(40));
    recorder.record({
      event: 'restored', checkpoint: { step: 40, path: '/runs/a/checkpoints/step-40' }, evaluations: [evaluation(20)],
      steps: Array.from({ length: 40 }, (_, index) => stepMetrics(index + 1, { loss: index + 1 })),
    });
    await recorder.flush();
    expect(await losses(database)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(await findRun(database, 'a')).toMatchObject({ lastStep: 40 });
    expect(await readEvaluations(database, 'a')).toMatchObject([{ step: 20, examples: evaluation(20).examples }]);
  });

  it('keeps a batch that could not be written, and writes it once with the next', async () => {
    const database = await historyWithRun();
    const problems: unknown[] = [];
    const recorder = new HistoryRecorder(database, 'a', { onProblem: (problem) => problems.push(problem) });
    await database.exec("CREATE TEMP TRIGGER full BEFORE INSERT ON steps WHEN new.step = 3 BEGIN SELECT raise(ABORT, 'disk full'); END");
    for (const number of [1, 2, 3]) recorder.record(step(number));
    recorder.record({ event: 'failed', error: { kind: 'failure', message: 'No space left.' } });
    await expect.poll(() => problems).toHaveLength(1);
    await expect(recorder.flush()).rejects.toThrow(/disk full/);
    expect(await losses(database)).toEqual([]);
    await database.exec('DROP TRIGGER full');
    await recorder.flush();
    expect(await losses(database)).toEqual([1, 1 / 2, 1 / 3]);
    expect(await findRun(database, 'a')).toMatchObject({ status: 'failed', error: { message: 'No space left.' } });
    expect(await readLog(database, 'a', { after: 0, limit: 10 })).toMatchObject([{ code: 'failed', step: 3 }]);
  });

  it('trims the rollouts when they pass their budget', async () => {
    const database = await historyWithRun();
    const recorder = new HistoryRecorder(database, 'a', { rolloutBudget: 20_000 });
    recorder.record(started());
    for (let number = 1; number <= 1000; number += 1) {
      recorder.record({ event: 'rollouts', rollouts: [rollout(number, { divergence: [0, 0, number === 77 ? 100 : 1] })] });
    }
    await recorder.flush();
    const { rollouts, total } = await readRollouts(database, 'a', byStep);
    expect(total).toBeGreaterThan(50);
    expect(total).toBeLessThan(200);
    expect(rollouts.map((row) => row.step)).toContain(77);
    expect(rollouts.at(-1)?.step).toBe(1000);
  });

  it('leaves whole batches without a gap when the process is killed between or within them', async () => {
    const file = join(await temporaryFolder(), 'retort.sqlite');
    const child = fork(fileURLToPath(new URL('recording-child.ts', import.meta.url)), [file], { execArgv: ['--import', 'tsx'] });
    let last = 0;
    await new Promise<void>((resolve) => child.on('message', (number: number) => { last = number; if (number > 1000) resolve(); }));
    child.kill('SIGKILL');
    await once(child, 'exit');

    const database = await openHistory(file);
    const steps = await readSteps(database, 'a', { after: 0, limit: 1_000_000 });
    expect(steps.map((row) => row.step)).toEqual(steps.map((_, index) => index + 1));
    // Every message was sent after a flush, so its step must be there.
    expect(steps.length).toBeGreaterThanOrEqual(last);
    expect(await database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(await markInterrupted(database, () => Promise.resolve(false))).toEqual(['a']);
    const [run] = await listRuns(database);
    expect(run).toMatchObject({ status: 'interrupted', lastStep: steps.length, ended: run?.updated });
    await database.close();
  });
});
