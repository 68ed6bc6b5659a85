import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { uniform } from '../../src-main/contract/random.ts';
import { adamw } from '../../src-main/distill/optimizers/adamw.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { trainedBytes } from '../../src-main/forecast/trained-bytes.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyStudent, TRAIN } from '../support/tiny-student.ts';

const COUNT = 4097;
const HALF = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, moments: 'bf16' } as const;
const executor = ortExecutor('cpu', 1);

/** AdamW of one parameter with moments in bfloat16, after so many updates with given gradients. */
function updated(steps: number, gradient: (step: number, at: number) => number, from = new Optimizer([{ name: 'w', shape: [COUNT] }], adamw(HALF)), first = 1): Optimizer {
  for (let step = first; step < first + steps; step++) {
    from.gradients('w').forEach((_, at, all) => { all[at] = gradient(step, at); });
    from.update({ step, learningRate: 1e-3, gradientScale: 1 });
  }
  return from;
}

const state = (optimizer: Optimizer, region: string): Float32Array => optimizer.state().find(({ name }) => name === `w.${region}`)!.data;
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const noise = (step: number, at: number): number => Math.fround(Math.sin(12.9898 * at + 78.233 * step));

describe('moments in bfloat16', () => {
  it('decay as they should, where rounding to the nearest would hold them', () => {
    const optimizer = updated(1, () => 30);
    const before = mean(state(optimizer, 'exp_avg_sq'));
    const after = mean(state(updated(700, () => 0, optimizer, 2), 'exp_avg_sq'));
    // By chance each is off by some steps of 1/256; their mean by a sixtieth of that.
    expect(Math.abs(after / before / 0.999 ** 700 - 1)).toBeLessThan(0.005);
  });

  it('are those of float32 but for one rounding', () => {
    const half = updated(1, noise);
    for (const region of ['exp_avg', 'exp_avg_sq']) {
      const exact = region === 'exp_avg' ? (at: number) => 0.1 * noise(1, at) : (at: number) => 0.001 * noise(1, at) ** 2;
      state(half, region).forEach((value, at) => expect(Math.abs(value - exact(at))).toBeLessThanOrEqual(2 ** -7 * Math.abs(exact(at)) + 1e-30));
    }
  });

  it('go on to the bit from what was saved', () => {
    const whole = updated(9, noise);
    const first = updated(4, noise);
    const resumed = new Optimizer([{ name: 'w', shape: [COUNT] }], adamw(HALF));
    resumed.weights('w').set(first.weights('w'));
    resumed.loadState(new Map(first.state().map(({ name, shape, data }) => [name, { shape, data }])));
    updated(5, noise, resumed, 5);
    expect(resumed.weights('w')).toEqual(whole.weights('w'));
    for (const region of ['exp_avg', 'exp_avg_sq']) expect(state(resumed, region)).toEqual(state(whole, region));
  });

  it('take half the memory, and the forecast says so', () => {
    const trained = [{ name: 'w', shape: [100, 64] }];
    expect(trainedBytes(trained, TRAIN)).toMatchObject({ weights: 25_600, moments: 51_200 });
    expect(trainedBytes(trained, { ...TRAIN, moments: 'bf16' })).toMatchObject({ weights: 25_600, moments: 25_600 });
  });

  it('are AdamW\'s alone', () => {
    const recipe = { name: 'n', student: { model: 's' }, data: { train: 'd.jsonl', prompt: '{{p}}', completion: '{{c}}' }, method: { preset: 'sft' }, train: { steps: 1, optimizer: 'adafactor', moments: 'bf16' } };
    expect(() => parseRecipe(recipe, 'test')).toThrow(/train\.moments.* is for adamw, and the optimizer is adafactor/);
  });

  it('learn as float32 does: losses of the last 60 of 300 updates within one percent', async () => {
    const { config, weights } = await loadFixture('test/fixtures/engine/models/llama');
    const { method } = resolveMethod({ preset: 'sft', reduction: 'token' });
    // Most tokens follow from the one before, some from nothing: there is something to learn, and something that never can be.
    const example = (index: number) => {
      const tokens = [3 + (index % 90)];
      for (let at = 1; at < 14; at++) {
        const draw = uniform(1, { purpose: 'shuffle', step: 1, example: index, index: at });
        tokens.push(3 + (draw < 0.8 ? (tokens.at(-1)! * 7 + 5) % 90 : Math.floor(uniform(2, { purpose: 'shuffle', step: 1, example: index, index: at }) * 90)));
      }
      return { index, prompt: Int32Array.from(tokens.slice(0, 2)), completion: Int32Array.from(tokens.slice(2)) };
    };
    const losses = async (moments: 'fp32' | 'bf16'): Promise<number[]> => {
      const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: config.vocabSize, chunk: 64 }, {
        batchSize: 8, learningRate: 3e-3, warmupSteps: 10, schedule: 'linear', clipNorm: 1, moments,
      });
      const trainer = new Trainer({
        student, optimizer, rollouts: null, teacher: null, data: { count: 2400, batch: (step) => dataExamples(Array.from({ length: 8 }, (_, at) => example((step - 1) * 8 + at))) },
      }, { seed: 0, steps: 300, microBatchSize: 8, sharedVocabulary: config.vocabSize, method, train });
      const found: number[] = [];
      for (let step = 1; step <= 300; step++) found.push((await trainer.step(step)).metrics.loss);
      await trainer.release();
      return found;
    };
    const [exact, half] = [await losses('fp32'), await losses('bf16')];
    const late = (all: readonly number[]): number => all.slice(-60).reduce((sum, loss) => sum + loss, 0) / 60;
    expect(late(exact)).toBeLessThan(0.8 * exact[0]!);
    expect(half).not.toEqual(exact);
    expect(Math.abs(late(half) / late(exact) - 1)).toBeLessThan(0.01);
  });
});
