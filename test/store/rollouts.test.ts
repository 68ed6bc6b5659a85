import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutQuery } from '../../src-main/contract/history.ts';
import { stepsToDrop, trimRollouts } from '../../src-main/store/rollout-budget.ts';
import { insertRollouts, readRollouts } from '../../src-main/store/rollouts.ts';
import { historyWithRun, rollout } from './fixtures.ts';

const page = (changes: Partial<RolloutQuery> = {}): RolloutQuery => ({ order: 'step', descending: false, offset: 0, limit: 10, ...changes });

describe('readRollouts', () => {
  it('sorts, filters, searches and pages', async () => {
    const database = await historyWithRun();
    await insertRollouts(database, 'a', [
      rollout(1, { divergence: [1, 2, 3], example: 5 }),
      rollout(2, { divergence: [9, 0, 0], ended: false, completion: ' 50% off_' }),
      rollout(3, { tokens: [1], divergence: [NaN], example: 5 }),
      rollout(4, { tokens: [], divergence: [] }),
    ]);
    const steps = async (changes: Partial<RolloutQuery>): Promise<number[]> =>
      (await readRollouts(database, 'a', page(changes))).rollouts.map((row) => row.step);
    expect(await steps({ order: 'mean', descending: true })).toEqual([3, 2, 1, 4]);
    expect(await steps({ order: 'max', descending: true })).toEqual([3, 2, 1, 4]);
    expect(await steps({ order: 'length' })).toEqual([4, 3, 1, 2]);
    expect(await steps({ ended: false })).toEqual([2]);
    expect(await steps({ example: 5 })).toEqual([1, 3]);
    expect(await steps({ fromStep: 2, toStep: 3 })).toEqual([2, 3]);
    expect(await steps({ search: '50% OFF' })).toEqual([2]);
    expect(await steps({ search: '0%_' })).toEqual([1, 3, 4]);
    expect(await steps({ search: '' })).toEqual([1, 2, 3, 4]);
    expect(await readRollouts(database, 'a', page({ offset: 1, limit: 2 }))).toMatchObject({ total: 4, rollouts: [{ step: 2 }, { step: 3 }] });
  });

  it('gives tokens and divergences back as they were, in float32', async () => {
    const database = await historyWithRun();
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ token: fc.nat(2 ** 31 - 1), divergence: fc.float({ min: 0 }) }), { maxLength: 40 }), fc.string(), async (parts, text) => {
        const written = rollout(1, { tokens: parts.map((part) => part.token), divergence: parts.map((part) => part.divergence), completion: text });
        await database.run('DELETE FROM rollouts');
        await insertRollouts(database, 'a', [written]);
        const { rollouts: [read] } = await readRollouts(database, 'a', page());
        expect(read).toMatchObject({ tokens: written.tokens, divergence: written.divergence });
      }), { numRuns: 50 });
  });
});

describe('the budget', () => {
  const steps = fc.uniqueArray(fc.record({ step: fc.nat(10_000), bytes: fc.integer({ min: 1, max: 500 }) }), { selector: (entry) => entry.step, maxLength: 200 })
    .map((entries) => entries.sort((left, right) => left.step - right.step));

  it('is kept, whatever the steps are', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 500, max: 20_000 }), (entries, bytes) => {
      const dropped = new Set(stepsToDrop(entries, bytes, bytes / 4));
      const kept = entries.filter((entry) => !dropped.has(entry.step));
      expect(kept.reduce((sum, entry) => sum + entry.bytes, 0)).toBeLessThanOrEqual(bytes);
      if (entries.length > 0) expect(kept.at(-1)).toBe(entries.at(-1));
    }));
  });

  it('drops nothing that fits', () => {
    expect(stepsToDrop([{ step: 1, bytes: 10 }, { step: 2, bytes: 10 }], 20, 5)).toEqual([]);
    expect(stepsToDrop([], 20, 5)).toEqual([]);
  });

  it('thins the older steps evenly', () => {
    const dropped = new Set(stepsToDrop(Array.from({ length: 1000 }, (_, step) => ({ step, bytes: 1 })), 400, 100));
    const kept = Array.from({ length: 1000 }, (_, step) => step).filter((step) => !dropped.has(step));
    expect(kept.filter((step) => step >= 900)).toHaveLength(100);
    const gaps = kept.slice(1).map((step, index) => step - (kept[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5);
    expect(kept.filter((step) => step < 450).length).toBeCloseTo(kept.filter((step) => step >= 450 && step < 900).length, -1);
  });

  it('spares the worst of every step', async () => {
    const database = await historyWithRun();
    const written = Array.from({ length: 2000 }, (_, index) => rollout(Math.floor(index / 4), {
      divergence: [index % 100 === 1 ? 50 + index / 1000 : 0.1, 0, 0],
    }));
    const bytes = await database.transaction((queries) => insertRollouts(queries, 'a', written));
    const left = await database.transaction((queries) => trimRollouts(queries, 'a', bytes / 2));
    expect(left).toBeLessThanOrEqual(bytes / 2 * 0.75);
    expect(left).toBeGreaterThan(bytes / 2 * 0.5);
    const { total } = await readRollouts(database, 'a', page({ order: 'mean', descending: true }));
    const { rollouts } = await readRollouts(database, 'a', page({ order: 'mean', descending: true, limit: total }));
    expect(rollouts.filter((row) => row.meanDivergence > 10)).toHaveLength(20);
  });
});
