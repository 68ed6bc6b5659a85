import { describe, expect, it } from 'vitest';
import { SHIPPED_GGUF } from '../../src-main/contract/ship.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { shippingOf } from '../../src-main/distill/shipping/ship.ts';
import { planExport } from '../../src-main/export/gguf/plan-export.ts';
import { writeGguf } from '../../src-main/export/gguf/write-gguf.ts';
import { shippingPlan } from '../../src-main/export/shipping-plan.ts';
import { GgufFile } from '../../src-main/model/gguf/gguf-file.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';
import { TRAIN } from '../support/tiny-student.ts';

const temporary = temporaryFolder();
const { signal } = new AbortController();
const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  'llama of whole blocks': tinyLlama({ hiddenSize: 256, headDim: 64, heads: 2, kvHeads: 1, intermediateSize: 256, layers: 3, windows: [null, null, null], rope: { theta: 10000, scaling: null, width: 64 } }),
  'llama, its output apart': tinyLlama({ hiddenSize: 256, headDim: 32, heads: 4, kvHeads: 1, layers: 1, windows: [null], intermediateSize: 256, tiedEmbeddings: false, rope: { theta: 10000, scaling: null, width: 32 } }),
  'llama of odd widths': tinyLlama({ hiddenSize: 96, headDim: 24, intermediateSize: 80, rope: { theta: 10000, scaling: null, width: 24 } }),
  'gpt2, stored the other way round': tinyGpt2({ hiddenSize: 256, heads: 4, layers: 1, intermediateSize: 256 }),
};

/** What a student of these weights computes with, by the weights' own names. */
async function rounded(config: ModelConfig, weights: HostWeights, type: (typeof SHIPPED_GGUF)[number]): Promise<Map<string, Float32Array>> {
  const shipping = shippingOf(config, await shippingPlan(config, type));
  const parameters = listParameters(config);
  const optimizer = new Optimizer(parameters.map((parameter) => ({ ...parameter, beside: shipping.beside(parameter) })), ruleOf(TRAIN));
  for (const { name } of parameters) optimizer.weights(name).set(weights[name]!.data as Float32Array);
  const { shipped } = shipping.part(optimizer);
  shipped.weights.update();
  return new Map(parameters.map(({ name }) => {
    const own = Object.entries(shipped.weights.weights).filter(([key]) => key.startsWith(`${name} as `));
    expect(own.length).toBeLessThan(2);
    return [name, own[0]?.[1].data as Float32Array | undefined ?? optimizer.weights(name)];
  }));
}

describe.each(Object.entries(CONFIGS))('%s', (name, config) => {
  it.each(SHIPPED_GGUF)('is trained as its %s file gives it back, to the bit', async (type) => {
    const weights = randomWeights(config, 3, 0.1);
    const plan = await planExport(name, config);
    const path = temporary.path(`${name}-${type}.gguf`);
    const write = (mixture: typeof type | 'f32', to: string, from: ReadonlyMap<string, Float32Array>): Promise<number> => writeGguf(to, {
      // One piece a weight.
      model: { pieces: (weight) => [from.get(weight)!] as unknown as AsyncIterable<Float32Array> }, layers: config.layers, plan, keys: {}, mixture, imatrix: null, signal,
    });
    await write(type, path, new Map(Object.entries(weights).map(([key, { data }]) => [key, data as Float32Array])));
    // What the student computes with, as a file of float32 in the same order of rows.
    const trained = temporary.path(`${name}-${type}-trained.gguf`);
    await write('f32', trained, await rounded(config, weights, type));
    const [file, own] = [await GgufFile.open(path), await GgufFile.open(trained)];
    for (const tensor of file.tensorNames) expect(Buffer.compare(bytes(await file.read(tensor)), bytes(await own.read(tensor))), tensor).toBe(0);
  });
});

/** Zero has no sign here. */
const bytes = (values: Float32Array): Buffer => Buffer.from(values.map((value) => value + 0).buffer);
