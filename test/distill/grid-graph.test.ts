import { expect, it } from 'vitest';
import { shippingPlan } from '../../src-main/export/shipping-plan.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { hostTensor } from '../../src-main/runtime/tensor.ts';
import { hostWeights, type HostWeights } from '../../src-main/runtime/weights.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';
import { residentStudent, tinyStudent } from '../support/tiny-student.ts';
import { gridGraph } from '../../src-main/distill/shipping/grid-graph.ts';
import { listMatrices } from '../../src-main/nn/build.ts';
import { requires } from '../support/requires.ts';
import { strictWebgpu } from '../support/strict-webgpu.ts';

const host = nativeExecutor(1);
const WIDE = { hiddenSize: 64, intermediateSize: 96, heads: 4, kvHeads: 2, headDim: 16, tiedEmbeddings: false };
const MODELS: readonly (readonly [string, ModelConfig])[] = [['llama', tinyLlama(WIDE)], ['llama whose last blocks are short', tinyLlama({ tiedEmbeddings: false })], ['gpt2, whose outputs are neighbours', tinyGpt2()]];
const SHIPS = ['int8', 'int4', 'q8_0', 'q4_0'] as const;

/** Among them blocks of nothing, and blocks whose largest numbers are as large below zero as above. */
function weightsOf(config: ModelConfig): HostWeights {
  const weights = randomWeights(config, 7);
  for (const { data } of Object.values(weights)) {
    const values = data as Float32Array;
    values.fill(0, 0, Math.min(64, values.length >> 2));
    for (let at = 64; at + 40 < values.length; at += 160) values.set([0.25, -0.25], at + 3);
  }
  return weights;
}

const settings = (config: ModelConfig): Parameters<typeof tinyStudent>[3] => ({ method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4 });

async function expectRounded(executor: Executor, config: ModelConfig, ship: typeof SHIPS[number]): Promise<void> {
  const plan = await shippingPlan(config, ship);
  const weights = weightsOf(config);
  const { student: wanted } = tinyStudent(host, config, weights, settings(config), { ship: plan });
  const { student: found, optimizer } = await residentStudent(executor, config, weights, settings(config), { ship: plan });
  const before = executor.memory!.crossed.toHost;
  await found.updated();
  expect(executor.memory!.crossed.toHost).toBe(before);
  found.refresh();
  let [all, off, grids] = [0, 0, 0];
  for (const [name, tensor] of Object.entries(wanted.weights)) {
    const [right, other] = [hostTensor(tensor).data as Float32Array, hostTensor(hostWeights(found.weights)[name]!).data as Float32Array];
    if (!name.includes(' as ')) {
      expect(other).toEqual(right);
      continue;
    }
    grids += 1;
    const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    all += right.length;
    right.forEach((value, at) => {
      if (value !== other[at]) off += 1;
      // The largest step of the grids here, of 4 bits.
      if (Math.abs(value - other[at]!) > largest / 6) throw new Error(`${name}[${at}]: ${other[at]} instead of ${value}`);
    });
  }
  expect(grids).toBeGreaterThan(0);
  // On the edge of two numbers of a grid, or of two scales.
  expect(off / all).toBeLessThan(1e-3);
  await found.release();
  await optimizer.release();
}

it.each(MODELS.flatMap(([name, config]) => SHIPS.map((ship) => [name, ship, config] as const)))('weights are rounded on a device as their file will have them: %s, %s', async (_, ship, config) => {
  await expectRounded(standInExecutor(1), config, ship);
});

requires('vulkan')('on WebGPU', () => {
  it.each(SHIPS)('they are as well: %s', async (ship) => { await expectRounded(nativeExecutor(1, 'webgpu'), MODELS[0]![1], ship); });

  it('by its own operators alone', async () => {
    const matrices = listMatrices(tinyGpt2());
    for (const grid of ['half', 'int8', 'int4', 'Q8_0', 'Q4_0'] as const) {
      await (await strictWebgpu().compile(gridGraph(matrices.filter(({ layout }) => layout === 'in-out').slice(0, 1).map((matrix) => ({ name: matrix.name, grid, matrix })), 'webgpu'))).release();
    }
  });
});
