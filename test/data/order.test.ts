import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchIndices, chooseSubset, splitValidation } from '../../src-main/data/order.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

describe('batches', () => {
  test('visit every example once an epoch, epochs following each other without a gap', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (count, batchSize, seed) => {
      const steps = Math.ceil((3 * count) / batchSize);
      const visited = range(steps).flatMap((step) => batchIndices(step + 1, batchSize, count, seed, true));
      for (const epoch of range(3)) expect(sorted(visited.slice(epoch * count, (epoch + 1) * count))).toEqual(range(count));
    }));
  });

  test('are the same from any step on', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 1, max: 99 })), (count, batchSize, steps) => {
      const alone = steps.map((step) => batchIndices(step, batchSize, count, 3, true));
      const again = steps.toReversed().map((step) => batchIndices(step, batchSize, count, 3, true)).toReversed();
      expect(again).toEqual(alone);
    }));
  });

  test('do not depend on the batch size but for their length', () => {
    const visits = (batchSize: number, steps: number): number[] => range(steps).flatMap((step) => batchIndices(step + 1, batchSize, 10, 1, true));
    expect(visits(4, 6)).toEqual(visits(8, 3));
  });

  test('are shuffled anew each epoch and by each seed, or not at all', () => {
    const epoch = (step: number, seed: number): number[] => batchIndices(step, 50, 50, seed, true);
    expect(epoch(1, 0)).not.toEqual(range(50));
    expect(epoch(2, 0)).not.toEqual(epoch(1, 0));
    expect(epoch(1, 1)).not.toEqual(epoch(1, 0));
    expect(batchIndices(2, 4, 5, 0, false)).toEqual([4, 0, 1, 2]);
  });
});

describe('a share of the examples', () => {
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });

  test('is in order, of its size, and part of any larger share', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), share, share, fc.nat(), (count, a, b, seed) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)].map((fraction) => chooseSubset(count, fraction, seed)) as [number[], number[]];
      expect(small).toEqual(sorted(small));
      expect(small.length).toBe(Math.max(1, Math.round(count * Math.min(a, b))));
      expect(large).toEqual(expect.arrayContaining(small));
    }));
  });

  test('is everything where it is 1', () => {
    expect(chooseSubset(7, 1, 5)).toEqual(range(7));
  });

  test('held out for validation leaves the others, and both have some', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 200 }), share, fc.nat(), (count, held, seed) => {
      const { train, validation } = splitValidation(count, held, seed);
      expect(sorted([...train, ...validation])).toEqual(range(count));
      expect(train).toEqual(sorted(train));
      expect(Math.min(train.length, validation.length)).toBeGreaterThan(0);
      expect(splitValidation(count, held, seed)).toEqual({ train, validation });
    }));
  });

  test('differs between seeds, and between subset and validation', () => {
    expect(chooseSubset(100, 0.5, 1)).not.toEqual(chooseSubset(100, 0.5, 2));
    expect(splitValidation(100, 0.5, 1).validation).not.toEqual(chooseSubset(100, 0.5, 1));
  });
});
