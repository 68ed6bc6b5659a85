import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distinctShare, repetitionRate } from '../../src-main/metrics/repetition.ts';

describe('repetition', () => {
  test('is 0 where nothing is said twice, and in a text too short to', () => {
    expect(repetitionRate([1, 2, 3, 4, 5, 6])).toBe(0);
    expect(repetitionRate([1, 1, 1])).toBe(0);
    expect(repetitionRate([])).toBe(0);
  });

  test('of a loop is all but its first turn', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 100, max: 300 }), (period, length) => {
      const loop = Int32Array.from({ length }, (_, at) => at % period);
      expect(repetitionRate(loop, 4)).toBeCloseTo(1 - period / (length - 3), 10);
    }));
  });

  test('does not mix up tokens that look alike side by side', () => {
    expect(distinctShare([1, 11, 11, 1], 2)).toBe(1);
    expect(distinctShare(['a,b', 'c', 'a', 'b,c'], 2)).toBe(1);
  });
});

test('distinct-n counts different n-grams', () => {
  const words = 'the cat and the cat and the dog'.split(' ');
  expect(distinctShare(words, 1)).toBe(4 / 8);
  expect(distinctShare(words, 2)).toBe(4 / 7);
  expect(distinctShare(words, 9)).toBe(null);
});
