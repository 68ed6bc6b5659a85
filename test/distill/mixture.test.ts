import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { drawOnPolicy, lambdaAt } from '../../src-main/distill/mixture.ts';
import { RolloutWriter } from '../../src-main/distill/rollout.ts';
import { Trainer, type DataExample, type StepResult } from '../../src-main/distill/trainer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { dataExamples } from '../support/data-examples.ts';
import { randomWeights, tinyLlama } from '../support/tiny-models.ts';
import { tinyStudent } from '../support/tiny-student.ts';

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

  it.each(['batch', 'example'] as const)('by %s rises with the ramp in what is drawn', (mixing) => {
    const [seeds, count, steps] = [1000, 4, 10];
    for (const step of [1, 5, 10]) {
      const mixture = { ...constant(0.8, mixing), lambdaSchedule: 'linear' as const, lambdaRampSteps: steps };
      let own = 0;
      for (let seed = 0; seed < seeds; seed++) own += drawOnPolicy(mixture, seed, step, count).filter(Boolean).length;
      const lambda = (0.8 * step) / steps;
      const draws = mixing === 'batch' ? seeds : seeds * count;
      expect(Math.abs(own / (seeds * count) - lambda)).toBeLessThan(4 * Math.sqrt((lambda * (1 - lambda)) / draws));
    }
  });
});

interface MixtureChoice { lambda: number; mixing: 'batch' | 'example'; lambdaSchedule?: 'linear'; lambdaRampSteps?: number }

describe('the trainer', () => {
  const [SEED, COUNT] = [11, 6];
  const executor = ortExecutor('cpu', 1);
  const config = tinyLlama();
  const weights = randomWeights(config, 3);
  const decoder = buildDecoder(config);
  const rollouts = new RolloutWriter(
    new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 16, choice: 'sample' }),
    { seed: SEED, temperature: 1, maxNewTokens: 4, eos: new Set([2]) });
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const method = (changes: MixtureChoice) =>
    resolveMethod({ preset: 'gkd', ...changes }).method;
  const batch = (step: number) => dataExamples(range(0, COUNT - 1).map((at) => (
    { index: step * COUNT + at, prompt: Int32Array.of(5 + at, 6), completion: new Int32Array(9).fill(7 + at) })));

  /** Steps of a student that stays as it is, for the learning rate is 0: what differs is due to the mixture alone. */
  async function train(steps: readonly number[], changes: MixtureChoice, microBatchSize = COUNT): Promise<StepResult<DataExample>[]> {
    const settings = { method: method(changes), sharedVocabulary: config.vocabSize };
    const { student, optimizer, train: chosen } = tinyStudent(executor, config, weights, { ...settings, chunk: 64 }, { learningRate: 0, batchSize: COUNT });
    const trainer = new Trainer({
      student, optimizer, rollouts, teacher: new FrozenModel(executor, decoder, randomWeights(config, 8)), data: { count: 1000, batch },
    }, { seed: SEED, steps: 100, microBatchSize, ...settings, train: chosen });
    const results: StepResult<DataExample>[] = [];
    for (const step of steps) results.push(await trainer.step(step));
    await trainer.release();
    return results;
  }

  it.each(['batch', 'example'] as const)('by %s lets the student write what was drawn and takes the rest from the data', async (mixing) => {
    const mixture = { lambda: 0.3, mixing, lambdaSchedule: 'linear' as const, lambdaRampSteps: 4 };
    const results = await train(range(1, 20), mixture);
    results.forEach(({ metrics, rollouts: written }, at) => {
      const drawn = drawOnPolicy(method(mixture), SEED, at + 1, COUNT);
      const own = drawn.flatMap((isOwn, place) => (isOwn ? [(at + 1) * COUNT + place] : []));
      expect(written.map(({ example }) => example)).toEqual(own);
      expect(metrics).toMatchObject({
        onPolicyShare: own.length / COUNT, lambda: lambdaAt(method(mixture), at + 1),
        completionTokens: written.flatMap(({ tokens }) => tokens).length + 9 * (COUNT - own.length),
      });
      expect(metrics.divergenceOnPolicy === null).toBe(own.length === 0);
      expect(metrics.divergenceOffPolicy === null).toBe(own.length === COUNT);
    });
    const shares = results.map(({ metrics }) => metrics.onPolicyShare);
    expect(new Set(shares).size).toBeGreaterThan(1);
    if (mixing === 'batch') expect(new Set(shares)).toEqual(new Set([0, 1]));
  });

  it('gives every prompt what the student writes for it alone', async () => {
    const results = await train(range(1, 3), { lambda: 0.7, mixing: 'example' });
    for (const { step, example, tokens } of results.flatMap((result) => result.rollouts)) {
      const [alone] = await rollouts.write((await batch(step)).filter(({ index }) => index === example), step);
      expect(tokens).toEqual([...alone!.tokens]);
    }
  });

  it('draws and writes the same in any micro-batches and after any resume', async () => {
    const mixture = { lambda: 0.5, mixing: 'example' as const };
    const written = (results: StepResult<DataExample>[]) => results.map((result) => result.rollouts.map(({ step, example, tokens, ended }) => ({ step, example, tokens, ended })));
    const whole = written(await train(range(1, 6), mixture));
    expect(new Set(whole.map(({ length }) => length)).size).toBeGreaterThan(1);
    for (const microBatchSize of [1, 4]) expect(written(await train(range(1, 6), mixture, microBatchSize))).toEqual(whole);
    expect(written(await train(range(4, 6), mixture))).toEqual(whole.slice(3));
  });
});
