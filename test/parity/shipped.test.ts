import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import type { ShippedType } from '../../src-main/contract/ship.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { createKernel } from '../../src-main/distill/optimizers/kernel/kernel.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { shippingPlan } from '../../src-main/export/shipping-plan.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { KernelGrid } from '../../src-main/nn/weights/shipped.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyStudent } from '../support/tiny-student.ts';

interface Case { student: string; type: ShippedType; losses: number[]; norms: number[]; weights: Record<string, number[]> }
interface Fixture {
  steps: number; teacher: string; learningRate: number;
  batches: { prompt: number[]; completion: number[] }[][];
  rows: number[]; grids: Record<KernelGrid, number[]>; cases: Case[];
}

const FOLDER = 'test/fixtures/engine/shipped';
const fixture = JSON.parse(readFileSync(`${FOLDER}/shipped.json`, 'utf8')) as Fixture;
const executor = ortExecutor('cpu', 1);

describe('what a file makes of weights, by the kernel', () => {
  const ROWS = 8, WIDTH = 96, SIZE = 4 * ROWS * WIDTH;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const kernel = createKernel(memory);
  const round: Readonly<Record<KernelGrid, (outputs: number, inputs: number, ofOutput: number, ofInput: number) => void>> = {
    half: () => { kernel.roundHalf(0, SIZE, ROWS * WIDTH); },
    int8: (...places) => { kernel.roundInt8(0, SIZE, ...places); }, int4: (...places) => { kernel.roundInt4(0, SIZE, ...places); },
    Q8_0: (...places) => { kernel.roundQ8_0(0, SIZE, ...places); }, Q4_0: (...places) => { kernel.roundQ4_0(0, SIZE, ...places); },
  };
  const numbers = (at: number): Float32Array => new Float32Array(memory.buffer, at, ROWS * WIDTH);
  /** Zero has no sign here. */
  const plain = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Math.fround(value) + 0);
  const turned = (values: ArrayLike<number>, rows: number): number[] => Array.from(values, (_, at) => values[(at % rows) * (values.length / rows) + Math.floor(at / rows)]!);

  it.each(Object.keys(fixture.grids) as KernelGrid[])('%s is to the bit what the reference makes, stored either way round', (grid) => {
    numbers(0).set(fixture.rows);
    round[grid](ROWS, WIDTH, 4 * WIDTH, 4);
    expect(plain(numbers(SIZE))).toEqual(plain(fixture.grids[grid]));
    numbers(0).set(turned(fixture.rows, ROWS));
    round[grid](ROWS, WIDTH, 4, 4 * ROWS);
    expect(plain(numbers(SIZE))).toEqual(plain(turned(fixture.grids[grid], ROWS)));
  });

  it('float16 is infinite beyond its range and keeps what is no number', () => {
    const values = [65519, 65520, -1e30, Infinity, NaN, 2 ** -24, 2 ** -25, 2 ** -14];
    numbers(0).set(values);
    kernel.roundHalf(0, SIZE, values.length);
    expect([...numbers(SIZE).subarray(0, values.length)]).toEqual([65504, Infinity, -Infinity, Infinity, NaN, 2 ** -24, 0, 2 ** -14]);
  });
});

/** A weight on the edge between two levels may fall to the other side, which moves these numbers by some ten-thousandths; another rule moves them by hundredths. */
const TOLERANCE = 1e-3;
const relative = (found: number, wanted: number): number => Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1e-3);

it.each(fixture.cases)('ten steps through the rounding of $type are PyTorch\'s: $student', async ({ student: name, type, ...wanted }) => {
  const { method } = resolveMethod({ preset: 'gkd', lambda: 0, divergence: 'forward_kl', reduction: 'sequence' });
  const { config, weights } = await loadFixture(`${FOLDER}/${name}`);
  const teacher = await loadFixture(`test/fixtures/engine/models/${fixture.teacher}`);
  const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: config.vocabSize, chunk: 16 }, { learningRate: fixture.learningRate, batchSize: 6, ship: await shippingPlan(config, type) });
  const batch = (step: number) => fixture.batches[step - 1]!.map(({ prompt, completion }, index) => ({ index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion) }));
  const trainer = new Trainer({
    student, optimizer, rollouts: null, data: { count: 60, batch: (step) => dataExamples(batch(step)) },
    teacher: new FrozenModel(executor, buildDecoder(teacher.config), teacher.weights),
  }, { seed: 0, steps: fixture.steps, microBatchSize: 4, sharedVocabulary: config.vocabSize, method, train });
  for (let step = 1; step <= fixture.steps; step++) {
    const { metrics } = await trainer.step(step);
    expect(relative(metrics.loss, wanted.losses[step - 1]!), `loss of step ${step}`).toBeLessThan(TOLERANCE);
    expect(relative(metrics.gradientNorm, wanted.norms[step - 1]!), `gradient norm of step ${step}`).toBeLessThan(TOLERANCE);
  }
  for (const [parameter, values] of Object.entries(wanted.weights)) {
    // The gradient of the keys' bias is zero but for rounding.
    if (parameter.endsWith('c_attn.bias')) continue;
    const found = optimizer.weights(parameter);
    expect(Math.hypot(...values.map((value, at) => value - found[at]!)), parameter).toBeLessThan(TOLERANCE * Math.hypot(...values));
  }
  await trainer.release();
});
