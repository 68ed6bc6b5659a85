import { describe, expect, it } from 'vitest';
import { drawOnPolicy, lambdaAt } from '../../src-main/distill/mixture.ts';

const STEPS = 4000;
const constant = (lambda: number, mixing: 'batch' | 'example') => ({ lambda, mixing, lambdaSchedule: 'constant' as const, lambdaRampSteps: 0 });

/** The share of examples the student writes over many steps. */
function share(lambda: number, mixing: 'batch' | 'example', count = 8): number {
  let own = 0;
  for (let step = 1; step <= STEPS; step++) own += drawOnPolicy(constant(lambda, mixing), 5, step, count).filter(Boolean).length;
  return own / (STEPS * count);
}

describe('the mixture', () => {
  it.each(['batch', 'example'] as const)('by %s gives the student lambda of the examples, not the rest', (mixing) => {
    for (const lambda of [0.1, 0.3, 0.8]) {
      // Four standard deviations of a mean of this many draws.
      const draws = mixing === 'batch' ? STEPS : 8 * STEPS;
      expect(Math.abs(share(lambda, mixing) - lambda)).toBeLessThan(4 * Math.sqrt((lambda * (1 - lambda)) / draws));
    }
  });

  it('means never at 0 and always at 1', () => {
    for (const mixing of ['batch', 'example'] as const) {
      expect(share(0, mixing)).toBe(0);
      expect(share(1, mixing)).toBe(1);
    }
  });

  it('by batch decides once a step, by example for each', () => {
    const mixed = (mixing: 'batch' | 'example'): number => {
      let count = 0;
      for (let step = 1; step <= 200; step++) count += new Set(drawOnPolicy(constant(0.5, mixing), 1, step, 8)).size > 1 ? 1 : 0;
      return count;
    };
    expect(mixed('batch')).toBe(0);
    expect(mixed('example')).toBeGreaterThan(180);
  });

  it('is a function of seed, step and place alone', () => {
    const mixture = constant(0.5, 'example');
    expect(drawOnPolicy(mixture, 3, 17, 8)).toEqual(drawOnPolicy(mixture, 3, 17, 8));
    // A smaller batch draws the same for the examples it has.
    expect(drawOnPolicy(mixture, 3, 17, 5)).toEqual(drawOnPolicy(mixture, 3, 17, 8).slice(0, 5));
    const other = Array.from({ length: 20 }, (_, step) => drawOnPolicy(mixture, 4, step + 1, 8));
    expect(other).not.toEqual(Array.from({ length: 20 }, (_, step) => drawOnPolicy(mixture, 3, step + 1, 8)));
  });

  it('rises in a line over the ramp', () => {
    const ramp = { ...constant(0.8, 'example'), lambdaSchedule: 'linear' as const, lambdaRampSteps: 10 };
    expect([1, 5, 10, 50].map((step) => lambdaAt(ramp, step))).toEqual([0.08, 0.4, 0.8, 0.8]);
    expect(lambdaAt({ ...ramp, lambdaRampSteps: 0 }, 1)).toBe(0.8);
  });
});
