import { describe, expect, it } from 'vitest';
import { STEP_FIELDS } from '../../src-main/contract/history.ts';
import { readSeries } from '../../src-main/store/series.ts';
import { insertSteps, readSteps } from '../../src-main/store/steps.ts';
import { historyWithRun, stepMetrics } from './fixtures.ts';

describe('steps', () => {
  it('come back as they went in', async () => {
    const database = await historyWithRun();
    const steps = [1, 2, 3].map((step) => stepMetrics(step));
    await insertSteps(database, 'a', steps);
    expect(await readSteps(database, 'a', { after: 0, limit: 10 })).toEqual(steps);
    expect(await readSteps(database, 'a', { after: 1, limit: 1 })).toEqual([steps[1]]);
  });

  it('take a loss that is not a number', async () => {
    const database = await historyWithRun();
    await insertSteps(database, 'a', [stepMetrics(1, { loss: NaN, gradientNorm: Infinity })]);
    expect(await readSteps(database, 'a', { after: 0, limit: 1 })).toMatchObject([{ loss: null, gradientNorm: Infinity }]);
  });

  it('have a column for every field', async () => {
    const database = await historyWithRun();
    const columns = await database.all<{ name: string }>("SELECT name FROM pragma_table_info('steps')");
    expect(columns.map((column) => column.name)).toEqual(['run', 'step', ...STEP_FIELDS]);
    expect(Object.keys(stepMetrics(1))).toEqual(['step', ...STEP_FIELDS]);
  });
});

describe('readSeries', () => {
  it('returns a short run step by step, with gaps where nothing was measured', async () => {
    const database = await historyWithRun();
    expect(await readSeries(database, 'a', { fields: ['loss'], buckets: 10 })).toEqual(
      { firstStep: [], lastStep: [], elapsedMs: [], fields: { loss: { mean: [], min: [], max: [] } } });
    await insertSteps(database, 'a', [1, 2, 3, 5].map((step) => stepMetrics(step, { stepMs: step })));
    const series = await readSeries(database, 'a', { fields: ['loss', 'divergenceOnPolicy'], buckets: 10 });
    expect(series.firstStep).toEqual([1, 2, 3, 5]);
    expect(series.elapsedMs).toEqual([1, 3, 6, 11]);
    expect(series.fields.loss).toEqual({ mean: [1, 1 / 2, 1 / 3, 1 / 5], min: [1, 1 / 2, 1 / 3, 1 / 5], max: [1, 1 / 2, 1 / 3, 1 / 5] });
    expect(series.fields.divergenceOnPolicy?.mean).toEqual([0.5, null, 0.5, 0.5]);
    const part = await readSeries(database, 'a', { fields: ['loss'], buckets: 10, from: 2, to: 3 });
    expect(part).toMatchObject({ firstStep: [2, 3], elapsedMs: [3, 6] });
  });

  it('tells the loss of the student\'s own text from that of the data', async () => {
    const database = await historyWithRun();
    const shares = [1, 0, 0.5, 1];
    await insertSteps(database, 'a', shares.map((onPolicyShare, index) => stepMetrics(index + 1, { onPolicyShare, loss: index + 1 })));
    const { fields } = await readSeries(database, 'a', { fields: ['lossOnPolicy', 'lossOffPolicy'], buckets: 10 });
    expect([fields.lossOnPolicy?.mean, fields.lossOffPolicy?.mean]).toEqual([[1, null, null, 4], [null, 2, null, null]]);
  });

  it('answers several charts at once on a connection that has just been opened', async () => {
    const database = await historyWithRun();
    await insertSteps(database, 'a', Array.from({ length: 40 }, (_, index) => stepMetrics(index + 1)));
    const ask = (buckets: number): ReturnType<typeof readSeries> => readSeries(database, 'a', { fields: ['loss'], buckets });
    const found = await Promise.all([ask(10), ask(1000), ask(20), ask(40)]);
    expect(found.map(({ lastStep }) => lastStep.length)).toEqual([10, 40, 20, 40]);
  });

  it('thins 100,000 steps and loses no spike', async () => {
    const database = await historyWithRun();
    const spikes = new Map([[31_415, 1e6], [31_416, -1e6], [100_000, 7e5]]);
    // A thousand steps, repeated by SQL, which is quicker than a hundred thousand insertions.
    await database.transaction((queries) => insertSteps(queries, 'a', Array.from({ length: 1000 }, (_, index) =>
      stepMetrics(index + 1, { loss: Math.sin(index), memory: 2 ** 33 }))));
    await database.run(`INSERT INTO steps (run, step, ${STEP_FIELDS.join(', ')})
      WITH RECURSIVE block (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM block WHERE n < 99)
      SELECT run, step + 1000 * n, ${STEP_FIELDS.join(', ')} FROM block CROSS JOIN steps`);
    for (const [step, loss] of spikes) await insertSteps(database, 'a', [stepMetrics(step, { loss })]);
    const series = await readSeries(database, 'a', { fields: STEP_FIELDS, buckets: 800 });
    expect(series.firstStep.length).toBe(800);
    expect(series.firstStep[0]).toBe(1);
    expect(series.lastStep.at(-1)).toBe(100_000);
    expect(series.elapsedMs.at(-1)).toBe(1_200_000);
    const { min, max, mean } = series.fields.loss ?? { min: [], max: [], mean: [] };
    const bucket = Math.floor((31_415 - 1) / 125);
    expect([min[bucket], max[bucket]]).toEqual([-1e6, 1e6]);
    expect(mean[bucket]).toBeLessThan(1);
    expect(max.at(-1)).toBe(7e5);
    expect(series.fields.memory?.mean[5]).toBe(2 ** 33);
    expect(max.filter((value) => value !== null && value > 1)).toHaveLength(2);
  });
});
