import { expect } from 'vitest';

/** Numbers equal to the others within a share of the largest of them. @param least  what counts as the largest where all are smaller */
export function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, share: number, { name = '', least = 0 }: { name?: string; least?: number } = {}): void {
  expect(found.length, name).toBe(wanted.length);
  let [largest, worst] = [least, 0];
  for (let at = 0; at < wanted.length; at++) {
    largest = Math.max(largest, Math.abs(wanted[at]!));
    // What is no number is as far away as can be.
    worst = Math.max(worst, Number.isFinite(found[at]!) ? Math.abs(found[at]! - wanted[at]!) : Infinity);
  }
  expect(worst, `${name}: largest difference, where the largest number is ${largest}`).toBeLessThanOrEqual(share * largest);
}
