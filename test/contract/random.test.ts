import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillIntegers, fillNormal, integer, permutation, philox, uniform } from '../../src-main/contract/random.ts';

describe('philox', () => {
  // kat_vectors of Random123 1.14, "philox4x32 10": counter, key, result.
  test.each([
    [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]],
  ] as const)('gives the known answer of counter %j under key %j', (counter, key, answer) => {
    expect(philox([...counter], key)).toEqual(answer);
  });

  test('multiplies any two words', () => {
    // A plain Philox on whole numbers without limit.
    const mask = 0xffffffffn;
    const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 0xffff, 0x10000, 0xffff0000, 2 ** 32 - 1));
    fc.assert(fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
      let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
      let [k0, k1] = key.map(BigInt) as [bigint, bigint];
      for (let round = 0; round < 10; round++) {
        const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
        [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
      }
      expect(philox(counter, key)).toEqual([c0, c1, c2, c3].map(Number));
    }));
  });
});

describe('uniform', () => {
  test('lies in [0, 1) and is held exactly by float32', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(fc.property(word, word, word, word, (seed, step, example, index) => {
      const drawn = uniform(seed, { purpose: 'rollout', step, example, index });
      expect(drawn).toBeGreaterThanOrEqual(0);
      expect(drawn).toBeLessThan(1);
      expect(Math.fround(drawn)).toBe(drawn);
    }));
  });

  test.each(['step', 'example', 'index'] as const)('is spread evenly and without memory along %s', (count) => {
    const drawn = Array.from({ length: 20_000 }, (_, at) => uniform(7, { purpose: 'rollout', [count]: at }));
    expectEven(drawn.map((value) => Math.floor(value * 20)), 20);
    const pairs = Array.from({ length: 10_000 }, (_, at) => 4 * Math.floor(drawn[2 * at]! * 4) + Math.floor(drawn[2 * at + 1]! * 4));
    expectEven(pairs, 16);
  });

  test('is another number for another seed, purpose, step, example or index', () => {
    const draw = { purpose: 'rollout', step: 1, example: 2, index: 3 } as const;
    const drawn = [
      uniform(0, draw), uniform(1, draw), uniform(0, { ...draw, purpose: 'mixture' }),
      uniform(0, { ...draw, step: 2 }), uniform(0, { ...draw, example: 3 }), uniform(0, { ...draw, index: 4 }),
      uniform(0, { ...draw, step: 2, example: 1 }),
    ];
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  test('does not depend on what was drawn before', () => {
    const draws = Array.from({ length: 50 }, (_, index) => ({ purpose: 'rollout', step: index % 7, example: index % 3, index }) as const);
    const forwards = draws.map((draw) => uniform(5, draw));
    const backwards = draws.toReversed().map((draw) => uniform(5, draw));
    expect(backwards.toReversed()).toEqual(forwards);
  });
});

describe('integer', () => {
  test('gives each number below the limit equally often', () => {
    const drawn = Array.from({ length: 20_000 }, (_, index) => integer(3, { purpose: 'bootstrap', index }, 20));
    expectEven(drawn, 20);
  });

  test('is unbiased where the limit does not divide 2^32', () => {
    // Of 3 * 2^30, a plain remainder would give each number below 2^30 twice as often as the others.
    const limit = 3 * 2 ** 30;
    const drawn = Array.from({ length: 20_000 }, (_, index) => Math.floor(integer(3, { purpose: 'bootstrap', index }, limit) / 2 ** 28));
    expectEven(drawn, 12);
  });
});

test('fillIntegers gives what integer does at each index', () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(fc.property(word, word, word, fc.integer({ min: 1, max: 2 ** 32 }), (seed, step, example, limit) => {
    const draw = { purpose: 'bootstrap', step, example } as const;
    const out = new Uint32Array(12);
    fillIntegers(out, seed, draw, limit);
    expect([...out]).toEqual(Array.from(out, (_, index) => integer(seed, { ...draw, index }, limit)));
  }));
});

describe('fillNormal', () => {
  test('has the moments of a normal distribution', () => {
    const drawn = new Float32Array(40_001);
    fillNormal(drawn, 1, { purpose: 'init' }, 0.02);
    const moment = (power: number): number => drawn.reduce((sum, value) => sum + (value / 0.02) ** power, 0) / drawn.length;
    // Four standard errors of each moment.
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    expect(Math.abs(moment(3))).toBeLessThan(0.08);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
  });

  test('begins alike whatever the length', () => {
    const [short, long] = [new Float32Array(7), new Float32Array(10)];
    for (const out of [short, long]) fillNormal(out, 1, { purpose: 'init', example: 4 }, 1);
    expect([...long.subarray(0, 7)]).toEqual([...short]);
  });
});

describe('permutation', () => {
  test('stays what it was, so that a resumed run visits its examples in its own order', () => {
    expect([...permutation(12, 5, { purpose: 'shuffle', step: 3 })]).toEqual([1, 4, 11, 8, 2, 7, 0, 10, 9, 3, 6, 5]);
  });

  test('holds every number once', () => {
    fc.assert(fc.property(fc.nat(300), fc.nat(), fc.nat(), (count, seed, step) => {
      const order = permutation(count, seed, { purpose: 'shuffle', step });
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at));
    }));
  });

  test('gives each order equally often', () => {
    const names = new Map<string, number>();
    const drawn = Array.from({ length: 12_000 }, (_, seed) => {
      const name = permutation(3, seed, { purpose: 'shuffle' }).join();
      if (!names.has(name)) names.set(name, names.size);
      return names.get(name)!;
    });
    expect(names.size).toBe(6);
    expectEven(drawn, 6);
  });
});

/** That counts of the numbers below `cells` differ no more than chance allows once in a thousand (chi-square). */
function expectEven(drawn: readonly number[], cells: number): void {
  const counts = new Array<number>(cells).fill(0);
  for (const cell of drawn) counts[cell]!++;
  const expected = drawn.length / cells;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // The 99.9% quantile by Wilson and Hilferty's approximation.
  const variance = 2 / (9 * (cells - 1));
  expect(statistic).toBeLessThan((cells - 1) * (1 - variance + 3.09 * Math.sqrt(variance)) ** 3);
}
