import { expect, it } from 'vitest';
import { leavesNothing } from '../../src-main/runtime/large-run.ts';

const MIB = 2 ** 20;

it('leaves the arena empty after large results, and after much that is given once in a while', () => {
  expect(leavesNothing({ given: 0, results: 256 * MIB, isOften: false })).toBe(true);
  expect(leavesNothing({ given: 512 * MIB, results: MIB, isOften: false })).toBe(true);
  // At every token, with an embedding that is read from its file.
  expect(leavesNothing({ given: 512 * MIB, results: MIB, isOften: true })).toBe(false);
  expect(leavesNothing({ given: 511 * MIB, results: 255 * MIB, isOften: false })).toBe(false);
});
