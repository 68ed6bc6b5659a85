import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adapterSchema } from '../../src-main/contract/adapter.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { Student } from '../../src-main/distill/student.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { openFrozen } from '../../src-main/model/frozen/open-frozen.ts';
import { buildDecoder, IN_MEMORY, listParameters } from '../../src-main/nn/build.ts';
import { chooseAdapters } from '../../src-main/nn/adapters/choose.ts';
import { adapted, adapterParameters } from '../../src-main/nn/weights/adapted.ts';
import type { WeightFormat } from '../../src-main/nn/weights/weight-format.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import type { PlacedWeights } from '../../src-main/runtime/weights.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { roundedWeights } from '../support/rounded-weights.ts';
import { noise } from '../support/run-graph.ts';
import { TRAIN } from '../support/tiny-student.ts';

const FIXTURES = [
  ...readdirSync('test/fixtures/engine/families').map((name) => `families/${name}`),
  ...['llama', 'llama-head-dim', 'llama-tied-bias', 'mistral-window', 'qwen2', 'qwen3', 'gpt2'].map((name) => `models/${name}`),
  ...['t5', 'flan', 'umt5'].map((name) => `t5/${name}`),
];
const [executor, standIn] = [ortExecutor('cpu', 1), { ...ortExecutor('cpu', 1), readsStored: false }];

type Opened = { config: Awaited<ReturnType<typeof loadFixture>>['config']; format: WeightFormat; weights: PlacedWeights };

/** A model as a recipe keeps it, and one whose weights are the numbers that the integers stand for. */
async function open(name: string, precision: 'int8' | 'int4', readsStored = true): Promise<{ kept: Opened; wanted: Opened }> {
  const path = join('test/fixtures/engine', name);
  const { config, weights } = await loadFixture(path);
  const kept = await openFrozen(await openModel(path), listParameters(config), { precision, readsStored, signsBytes: executor.signsBytes });
  return { kept: { config, ...kept }, wanted: { config, format: IN_MEMORY, weights: roundedWeights(config, weights, precision) } };
}

const ids = (from: number, count: number, vocabulary: number): Int32Array => Int32Array.from({ length: count }, (_, at) => (from + 7 * at) % Math.min(vocabulary, 40) + 1);

function batchOf({ config }: Opened) {
  const decoder = buildDecoder(config);
  const texts = [5, 3].map((count, index) => ({ index, prompt: ids(index, count + 2, config.vocabSize), completion: ids(3 + index, count, config.vocabSize), isOnPolicy: false }));
  return layOut(texts, 2, 'token', decoder.encoder)[0]!;
}

async function logitsOf(opened: Opened): Promise<Float32Array> {
  const model = new FrozenModel(executor, buildDecoder(opened.config, opened.format), opened.weights);
  try {
    return await logitsAt(model, batchOf(opened));
  } finally {
    await model.release();
  }
}

/** Large enough to be told from nothing, and small enough that a model of random weights stays what it is. */
const ADAPTER = 0.05;

/** Gradients of adapters that are no longer zero, beside weights that stay. */
async function gradientsOf(opened: Opened): Promise<Record<string, Float32Array>> {
  const { config, format, weights } = opened;
  const adapters = chooseAdapters(config, adapterSchema.parse({ rank: 2 }));
  const optimizer = new Optimizer(adapterParameters(adapters), ruleOf(TRAIN));
  adapterParameters(adapters).forEach(({ name, shape }, at) => optimizer.weights(name).set((noise([...shape], at).data as Float32Array).map((value) => ADAPTER * value)));
  const decoder = buildDecoder(config, adapted(format, adapters));
  const settings = { method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 } as const, sharedVocabulary: config.vocabSize, chunk: 7 };
  const student = new Student(executor, decoder, optimizer, settings, { frozen: { weights, training: decoder, seed: null } });
  await student.learn(batchOf(opened), null);
  const found = Object.fromEntries(adapterParameters(adapters).map(({ name }) => [name, optimizer.gradients(name).slice()]));
  await student.release();
  return found;
}

const distance = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => Math.hypot(...Array.from(wanted, (value, at) => value - found[at]!));

describe.each(FIXTURES)('%s multiplied by integers is what they stand for in float32:', (name) => {
  it.each(['int8', 'int4'] as const)('logits and an adapter\'s gradients in %s, within 1e-4', async (precision) => {
    const { kept, wanted } = await open(name, precision);
    const [found, expected] = [await logitsOf(kept), await logitsOf(wanted)];
    expect(found.length).toBe(expected.length);
    expect(Math.max(...expected.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
    if (buildDecoder(kept.config).onlyTeaches) return;
    const [gradients, exact] = [await gradientsOf(kept), await gradientsOf(wanted)];
    for (const [key, gradient] of Object.entries(exact)) expect(distance(gradients[key]!, gradient), key).toBeLessThan(1e-4 * Math.hypot(...gradient) + 1e-7);
  });
});

describe.each(['models/llama', 'models/gpt2', 'families/lfm2', 't5/flan'])('%s', (name) => {
  it.each(['int8', 'int4'] as const)('in %s is exact on devices, whose products are others, and where it writes', async (precision) => {
    const { kept, wanted } = await open(name, precision);
    const { kept: there } = await open(name, precision, standIn.readsStored);
    const [found, expected] = [await logitsOf(there), await logitsOf(wanted)];
    expect(Math.max(...expected.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
    const [gradients, exact] = [await gradientsOf(there), await gradientsOf(wanted)];
    for (const [key, gradient] of Object.entries(exact)) expect(distance(gradients[key]!, gradient), key).toBeLessThan(1e-4 * Math.hypot(...gradient) + 1e-7);
    const written = await Promise.all([kept, there, wanted].map(async ({ config, format, weights }) => {
      const decoder = buildDecoder(config, format);
      const writer = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 32, choice: 'greedy' }).open();
      const texts = await writer.write([{ id: 0, tokens: ids(2, 5, config.vocabSize) }, { id: 1, tokens: ids(4, 3, config.vocabSize) }], { maxNewTokens: 8, eos: new Set(), sampling: { strategy: 'greedy' } });
      await writer.release();
      return texts.map(({ tokens }) => [...tokens]);
    }));
    expect(written[0]).toEqual(written[2]);
    expect(written[1]).toEqual(written[2]);
  });
});
