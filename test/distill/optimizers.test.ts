import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TrainSettings } from '../../src-main/contract/recipe.ts';
import { adamw } from '../../src-main/distill/optimizers/adamw.ts';
import { clipScale } from '../../src-main/distill/optimizers/clip.ts';
import { Optimizer, type TrainedParameter } from '../../src-main/distill/optimizers/optimizer.ts';
import { learningRateAt } from '../../src-main/distill/optimizers/schedule.ts';
import { decays } from '../../src-main/distill/optimizers/weight-decay.ts';

type Packed = Readonly<Record<string, string>>;
interface Reference {
  settings: Pick<TrainSettings, 'learningRate' | 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'clipNorm' | 'schedule' | 'warmupSteps' | 'finalLearningRate'>;
  shapes: Record<string, number[]>;
  initial: Packed;
  steps: { gradients: Packed; norm: number; weights: Packed }[];
  moments: Packed;
}
interface ScheduleCase extends Pick<TrainSettings, 'learningRate' | 'schedule' | 'finalLearningRate' | 'warmupSteps'> { rates: number[] }

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, moments: 'fp32' } as const;
const finite = fc.float({ min: -4, max: 4, noNaN: true });

describe('AdamW', () => {
  const reference = fixture<Reference>('adamw.json');
  const parameters = Object.entries(reference.shapes).map(([name, shape]) => ({ name, shape }));

  it.each([['one memory', undefined], ['a memory for each parameter', 65536]])(
    'takes ten steps as torch.optim.AdamW with clip_grad_norm_ does, in %s',
    (_, memoryLimit) => {
      // Rows that nobody uses fill a page each, so that the small limit separates the parameters.
      const padded = parameters.map((p) => ({ ...p, gradientRows: memoryLimit ? 15000 / (p.shape[1] ?? 1) | 0 : 1 }));
      const optimizer = new Optimizer(padded, adamw({ ...reference.settings, moments: 'fp32' }), memoryLimit === undefined ? {} : { memory: memoryLimit });
      expect(optimizer.memory.memories).toHaveLength(memoryLimit ? parameters.length : 1);
      for (const { name } of parameters) optimizer.weights(name).set(unpack(reference.initial[name]!));
      reference.steps.forEach(({ gradients, norm, weights }, i) => {
        for (const { name } of parameters) optimizer.gradients(name).set(unpack(gradients[name]!));
        const measured = optimizer.gradientNorm();
        expectClose([measured], [norm]);
        optimizer.update({
          step: i + 1,
          learningRate: learningRateAt(i + 1, reference.steps.length, reference.settings),
          gradientScale: clipScale(measured, reference.settings.clipNorm),
        });
        for (const { name } of parameters) expectClose(optimizer.weights(name), unpack(weights[name]!));
        expect(optimizer.gradientNorm()).toBe(0);
      });
      for (const { name, data } of optimizer.state()) expectClose(data, unpack(reference.moments[name]!));
    },
  );

  it('gives the same bits for a parameter in one piece and in two', () => {
    fc.assert(fc.property(fc.array(fc.tuple(finite, finite), { minLength: 2, maxLength: 70 }), fc.nat(), (values, at) => {
      const cut = 1 + (at % (values.length - 1));
      const whole = trained([['w', values]]);
      const halves = trained([['w1', values.slice(0, cut)], ['w2', values.slice(cut)]]);
      expect([...halves.weights('w1'), ...halves.weights('w2')]).toEqual([...whole.weights('w')]);
    }));
  });

  function trained(parts: readonly (readonly [string, readonly (readonly [number, number])[]])[]): Optimizer {
    const optimizer = new Optimizer(parts.map(([name, values]) => ({ name, shape: [values.length, 1] })), adamw(settings));
    for (const [name, values] of parts) optimizer.weights(name).set(values.map(([w]) => w));
    for (let step = 1; step <= 3; step++) {
      for (const [name, values] of parts) optimizer.gradients(name).set(values.map(([, g]) => g / step));
      optimizer.update({ step, learningRate: 0.01, gradientScale: 0.5 });
    }
    return optimizer;
  }

  it('spares norms, biases and single axes from decay', () => {
    const decayed = (name: string, ...shape: number[]) => decays({ name, shape });
    expect(decayed('model.layers.0.mlp.up_proj.weight', 8, 4)).toBe(true);
    expect(decayed('model.embed_tokens.weight', 8, 4)).toBe(true);
    expect(decayed('model.norm.weight', 4)).toBe(false);
    expect(decayed('transformer.h.0.attn.c_attn.bias', 12)).toBe(false);
    expect(decayed('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', 32, 4)).toBe(false);
  });
});

describe('saved state', () => {
  const parameters = [{ name: 'a', shape: [3, 5] }, { name: 'b', shape: [9] }];

  it('continues to the bit from what was saved', () => {
    const first = new Optimizer(parameters, adamw(settings));
    step(first, 1);
    const saved = new Map(first.state().map(({ name, shape, data }) => [name, { shape, data: data.slice() }]));
    expect([...saved.keys()]).toEqual(['a.exp_avg', 'a.exp_avg_sq', 'b.exp_avg', 'b.exp_avg_sq']);
    const second = new Optimizer(parameters, adamw(settings));
    for (const { name } of parameters) second.weights(name).set(first.weights(name));
    second.loadState(saved);
    for (const optimizer of [first, second]) step(optimizer, 2);
    for (const { name } of parameters) expect(second.weights(name)).toEqual(first.weights(name));
    expect(second.state()).toEqual(first.state());
  });

  it('is refused whole where a tensor is missing or of another shape', () => {
    const optimizer = new Optimizer(parameters, adamw(settings));
    const saved = new Map(optimizer.state().map(({ name, shape, data }) => [name, { shape, data: data.map(() => 1) }]));
    saved.set('b.exp_avg', { shape: [8], data: new Float32Array(8) });
    expect(() => optimizer.loadState(saved)).toThrow('b.exp_avg has shape [8], expected [9]');
    saved.delete('b.exp_avg');
    expect(() => optimizer.loadState(saved)).toThrow('b.exp_avg is missing');
    expect(optimizer.state().every(({ data }) => data.every((x) => x === 0))).toBe(true);
  });

  function step(optimizer: Optimizer, number: number): void {
    for (const { name } of parameters) optimizer.gradients(name).forEach((_, i, all) => { all[i] = Math.sin(number * i + 1); });
    optimizer.update({ step: number, learningRate: 0.01, gradientScale: 1 });
  }
});

describe('gradients', () => {
  const embedding: TrainedParameter = { name: 'embed', shape: [6, 7], gradientRows: 5 };

  it('are the sum of the rows of all micro-batches, repeated ids included', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });
    fc.assert(fc.property(fc.array(ids, { maxLength: 4 }), finite, (microBatches, start) => {
      const optimizer = new Optimizer([embedding], adamw(settings));
      optimizer.gradients('embed').fill(start);
      const expected = optimizer.gradients('embed').slice();
      for (const batch of microBatches) {
        const rows = optimizer.gradientRows('embed');
        rows.forEach((_, i) => { rows[i] = Math.cos(i); });
        optimizer.addGradientRows('embed', Int32Array.from(batch));
        batch.forEach((id, row) => { for (let c = 0; c < 7; c++) expected[id * 7 + c]! += rows[row * 7 + c]!; });
      }
      expect(optimizer.gradients('embed')).toEqual(expected);
    }));
  });

  it('refuse ids and counts outside the table', () => {
    const optimizer = new Optimizer([embedding], adamw(settings));
    expect(() => { optimizer.addGradientRows('embed', Int32Array.of(0, 6)); }).toThrow('gradient row 6 of embed');
    expect(() => { optimizer.addGradientRows('embed', Int32Array.of(-1)); }).toThrow('gradient row -1 of embed');
    expect(() => { optimizer.addGradientRows('embed', new Int32Array(6)); }).toThrow('room for 5');
  });

  it('have one norm over all parameters, which tells of a value that is not finite', () => {
    const sizes = fc.array(fc.array(finite, { minLength: 1, maxLength: 70 }), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(sizes, (values) => {
      const optimizer = new Optimizer(values.map((v, i) => ({ name: `p${i}`, shape: [v.length] })), adamw(settings));
      values.forEach((v, i) => { optimizer.gradients(`p${i}`).set(v); });
      const norm = Math.sqrt(values.flat().reduce((sum, x) => sum + x * x, 0));
      expect(optimizer.gradientNorm()).toBeCloseTo(norm, 10);
      optimizer.gradients('p0')[0] = Infinity;
      expect(optimizer.gradientNorm()).toBe(Infinity);
      optimizer.gradients('p0')[0] = NaN;
      expect(optimizer.gradientNorm()).toBeNaN();
      optimizer.clearGradients();
      expect(optimizer.gradientNorm()).toBe(0);
    }));
  });

  it('do not overflow in the norm', () => {
    const optimizer = new Optimizer([{ name: 'w', shape: [2] }], adamw(settings));
    optimizer.gradients('w').set([3e30, 4e30]);
    expect(optimizer.gradientNorm() / 5e30).toBeCloseTo(1, 6);
  });

  it('are scaled down only beyond the clipping norm', () => {
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(4, 1)).toBeCloseTo(0.25, 6);
    expect(clipScale(4, 0)).toBe(1);
  });
});

describe('learning rate', () => {
  it.each(fixture<ScheduleCase[]>('schedules.json'))(
    'follows Transformers: $schedule to $finalLearningRate, $warmupSteps warm-up steps',
    ({ rates, ...schedule }) => {
      rates.forEach((rate, i) => { expect(learningRateAt(i + 1, rates.length, schedule)).toBeCloseTo(rate, 15); });
    },
  );
});

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/optimizers/${name}`, import.meta.url), 'utf8')) as T;
}

function unpack(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** Within 1e-6 of each value; values far below the others stand on the rounding of what they were summed from. */
function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(got[i]! - expected[i]!)).toBeLessThanOrEqual(1e-6 * Math.max(Math.abs(expected[i]!), 1e-2));
  }
}
