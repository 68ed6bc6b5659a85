import { describe, expect, it } from 'vitest';
import { memoryParts, outcomeSentence, paceSentence } from '../../src-main/contract/forecast-text.ts';
import type { MemoryForecast } from '../../src-main/contract/forecast.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { Expectation } from '../../src-main/service/run/expectation.ts';

const memory: MemoryForecast = {
  parts: { weights: 2 ** 30, gradients: 2 ** 30, moments: 2 ** 31, teacher: 0, runtime: 2 ** 28, activations: 2 ** 20, decoding: 0, cache: 0 },
  peak: 2 ** 32, free: 2 ** 33, total: 2 ** 34,
};
const recipe = parseRecipe({
  name: 'timed', student: { model: 's' }, data: { train: 't.jsonl', validation: 'v.jsonl', prompt: '{{q}}', completion: '{{a}}' },
  method: { preset: 'sft' }, train: { steps: 20 }, evaluate: { every: 5 },
}, 'test');

const whole = (steps: number): ConstructorParameters<typeof Expectation>[0] => ({ memory, steps, stages: [{ first: 0, steps }] });

describe('a run', () => {
  it('knows its pace after a few steps, the first left out, with the evaluations that are to come', () => {
    const expectation = new Expectation(whole(20), recipe, 1000);
    expectation.evaluated(500);
    expect([1, 2, 3].map((step) => expectation.stepped(step, step === 1 ? 9000 : 100, 0))).toEqual([null, null, null]);
    // Behind step 4: 16 steps, three evaluations between them and one at the end.
    expect(expectation.stepped(4, 100, 13_000)).toBe(12_000 + 16 * 100 + 4 * 500);
    expect(expectation.stepped(5, 100, 13_100)).toBe(null);
    expect(expectation.outcome(true, 17_000)).toMatchObject({ memory: { expected: memory.peak }, time: { expected: 15_600, measured: 16_000 } });
    expect(expectation.outcome(false, 17_000).time).toBe(null);
    expect(expectation.outcome(true, 17_000).memory.measured).toBeGreaterThan(2 ** 25);
  });

  it('that is nearly over expects nothing', () => {
    const expectation = new Expectation(whole(6), recipe, 0);
    expect([1, 2, 3, 4].map((step) => expectation.stepped(step, 100, 0))).toEqual([null, null, null, null]);
    expect(expectation.outcome(true, 1000).time).toBe(null);
  });

  it('says it in sentences', () => {
    expect(memoryParts(memory)).toBe('moments 2.0 GiB, weights 1.0 GiB, gradients 1.0 GiB, runtime 0.3 GiB, activations 1 MiB');
    expect(paceSentence(600_000)).toBe('Time: about 10 min in all, by the first steps.');
    expect(outcomeSentence({ memory: { expected: 2 ** 32, measured: 1.05 * 2 ** 32 }, time: { expected: 60_000, measured: 54_000 } }))
      .toBe('It took 4.2 GiB of memory at its peak; 4.0 GiB were expected (5% more). It took 54 s; 60 s were expected (10% less).');
  });
});
