import { expect, it } from 'vitest';
import { LossScale, type LossScaleState } from '../../src-main/distill/loss-scale.ts';
import { skippedStep } from '../../src-main/distill/skipped-step.ts';

/** The scale of every step, where these are the ones that overflow. */
function scalesOf(scale: LossScale, overflows: readonly boolean[]): number[] {
  return overflows.map((overflow, at) => {
    const used = scale.value;
    scale.stepped(at + 1, !overflow);
    return used;
  });
}

it('is halved where a gradient is too large, and doubled after 2000 updates in a row', () => {
  const scale = new LossScale('fp16');
  expect(scalesOf(scale, [true, true, false, true, false])).toEqual([65536, 32768, 16384, 16384, 8192]);
  const later = scalesOf(scale, Array.from({ length: 4000 }, () => false));
  expect(later.indexOf(16384)).toBe(1999);
  expect(later.lastIndexOf(16384)).toBe(3998);
  expect(scale.state).toEqual({ skipped: 3, inARow: 0, scale: 32768, good: 1 });
});

it('does not grow out of bounds', () => {
  const scale = new LossScale('fp16', { skipped: 0, inARow: 0, scale: 2 ** 24, good: 1999 });
  scalesOf(scale, [false]);
  expect(scale.value).toBe(2 ** 24);
});

it('goes on from its state', () => {
  const overflows = Array.from({ length: 50 }, (_, at) => at % 7 === 3);
  const whole = new LossScale('fp16');
  const wanted = scalesOf(whole, overflows);
  const [first, state] = [new LossScale('fp16'), (scale: LossScale): LossScaleState => ({ ...scale.state })];
  const before = scalesOf(first, overflows.slice(0, 20));
  const second = new LossScale('fp16', state(first));
  expect([...before, ...scalesOf(second, overflows.slice(20))]).toEqual(wanted);
  expect(second.state).toEqual(whole.state);
});

it.each(['fp32', 'tf32', 'bf16'] as const)('is none in %s, and ten gradients in a row that are no numbers end the run', (compute) => {
  const scale = new LossScale(compute);
  expect(scalesOf(scale, Array.from({ length: 9 }, () => true))).toEqual(Array.from({ length: 9 }, () => 1));
  scale.stepped(10, true);
  for (let step = 11; step < 20; step++) scale.stepped(step, false);
  expect(scale.state).toEqual({ skipped: 18, inARow: 9, scale: null, good: 0 });
  expect(() => { scale.stepped(20, false); }).toThrow('The gradient of step 20 is not finite, and neither were those of the 9 steps before it.');
});

it('does not count an overflow that a smaller scale may save', () => {
  const scale = new LossScale('fp16');
  for (let step = 1; step <= 16; step++) scale.stepped(step, false);
  expect(scale.state).toEqual({ skipped: 16, inARow: 0, scale: 1, good: 0 });
  for (let step = 17; step < 26; step++) scale.stepped(step, false);
  expect(() => { scale.stepped(26, false); }).toThrow('The gradient of step 26 is not finite');
});

it('tells of a step that has changed nothing, and of no other', () => {
  expect(skippedStep({ step: 3, gradientNorm: 2, skipped: 1, lossScale: null })).toBeNull();
  expect(skippedStep({ step: 3, gradientNorm: NaN, skipped: 1, lossScale: null })).toEqual({ code: 'skipped', message: 'Step 3 has changed nothing: its gradient is not finite. Such steps so far: 1.' });
  expect(skippedStep({ step: 4, gradientNorm: Infinity, skipped: 2, lossScale: 64 })!.message)
    .toBe('Step 4 has changed nothing: its gradient is not finite. The loss was multiplied by 64, and is by 32 from here on, as float16 finds its range. Such steps so far: 2.');
});
