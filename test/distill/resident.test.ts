import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIVERGENCES, type DivergenceName } from '../../src-main/contract/divergence.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import type { LossSettings } from '../../src-main/distill/student.ts';
import { shippingPlan } from '../../src-main/export/shipping-plan.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import type { OnnxGraph } from '../../src-main/graph/onnx/write.ts';
import { isOnDevice } from '../../src-main/runtime/device/device-memory.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { BoundInputs, BoundOutputs, Executor, Program, ProgramOptions } from '../../src-main/runtime/program.ts';
import type { Tensor } from '../../src-main/runtime/tensor.ts';
import { tfjsExecutor } from '../../src-main/runtime/tfjs/executor.ts';
import { requireTfjs } from '../../src-main/runtime/tfjs/find-tfjs.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { adaptedStudent, loadAdapted, residentAdapted } from '../support/adapted-student.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';
import { partsStudent, residentStudent, tinyStudent } from '../support/tiny-student.ts';
import { expectParity, OnOne, type Training } from '../support/train-on.ts';

const CHANGES = { clipNorm: 0.5, weightDecay: 0.1, learningRate: 3e-3 };
const MODELS = 'test/fixtures/engine/models';
const FAMILIES = 'test/fixtures/engine/families';
const T5 = 'test/fixtures/engine/t5';
const ADAPTERS = 'test/fixtures/engine/adapters';
/** Set, all of it is trained on WebGPU as well, which a device in software takes half an hour for. */
const IS_WHOLE = process.env['RETORT_WHOLE_DEVICE'] !== undefined;

interface Case {
  config: ModelConfig;
  divergence?: DivergenceName;
  weights?: HostWeights;
  train?: Parameters<typeof residentStudent>[4];
  loss?: Partial<LossSettings>;
  /** Elements of a tensor: larger ones lie in parts. */
  most?: number;
}

function settingsOf({ config, divergence = 'jsd', loss }: Case): LossSettings {
  return { method: { divergence, beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4, ...loss };
}

function training(one: Case): Training {
  const { config, divergence = 'jsd', weights = randomWeights(config, 3), train = {}, most } = one;
  const changes = { ...CHANGES, ...train };
  return {
    vocabulary: config.vocabSize,
    method: { divergence },
    student: async (executor) => {
      if (executor.memory) return residentStudent(executor, config, weights, settingsOf(one), changes, most);
      return most === undefined ? tinyStudent(executor, config, weights, settingsOf(one), changes) : partsStudent(executor, config, weights, settingsOf(one), most, changes);
    },
    ...(divergence !== 'cross_entropy' && { teacher: (executor: Executor) => new FrozenModel(executor, buildDecoder(config), randomWeights(config, 4)) }),
  };
}

/** An adapter that PEFT has saved, beside its base. */
async function adapterTraining(folder: string, dropout: number): Promise<Training> {
  const { base_model_name_or_path: base } = JSON.parse(readFileSync(join(ADAPTERS, folder, 'adapter_config.json'), 'utf8')) as { base_model_name_or_path: string };
  const fixture = await loadAdapted(join(ADAPTERS, folder), base);
  const settings = settingsOf({ config: fixture.config });
  const changes = { ...CHANGES, dropout, seed: 5 };
  return {
    vocabulary: fixture.config.vocabSize,
    student: (executor) => (executor.memory ? residentAdapted(executor, fixture, settings, changes) : adaptedStudent(executor, fixture, settings, changes)),
    // Its own base is its teacher: one copy serves both.
    teacher: (executor) => new FrozenModel(executor, buildDecoder(fixture.config), fixture.weights),
  };
}

const rewarded: NonNullable<Training['rollouts']> = {
  write: (asked, step) => Promise.resolve(asked.map((_, at) => {
    const tokens = Int32Array.from({ length: 3 + at }, (__, place) => 3 + ((step + 2 * at + place) % 40));
    return { tokens, ended: true, reward: 1, advantages: Float32Array.from(tokens, (token) => Math.sin(token) / 4) };
  })),
};

const llama = tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: true });
const untied = tinyLlama({ tiedEmbeddings: false });
const FEW: readonly (readonly [string, Case])[] = [
  ['llama with tied embeddings, jsd, AdamW', { config: llama }],
  ['gpt2, reverse_kl, Adafactor', { config: tinyGpt2(), divergence: 'reverse_kl', train: { optimizer: 'adafactor', learningRate: 1e-3 } }],
  ['T5, forward_kl, AdamW', { config: tinyT5(), divergence: 'forward_kl' }],
  ['llama in parts of its rows, tvd, Adafactor that scales', { config: untied, most: 240, divergence: 'tvd', train: { optimizer: 'adafactor', scaleParameter: true } }],
];

/** Everything that is trained. @param executor  asked for while tests run */
function everyParity(executor: () => Executor): void {
  const parity = (one: Case): Promise<void> => expectParity(executor(), training(one));

  it.each(FEW)('%s', (_, one) => parity(one));

  it.each(DIVERGENCES.flatMap((divergence) => [false, true].map((scaleParameter) => [divergence, scaleParameter] as const)))('GPT-2 with Adafactor and %s, scaled: %s', (divergence, scaleParameter) => (
    // The rounding that is all of a gradient of its biases of keys counts in the root mean square by which Adafactor holds
    // the whole vector's update back: with larger steps two runs on the host that add up in another order part as well.
    parity({ config: tinyGpt2(), divergence, train: { optimizer: 'adafactor', scaleParameter, learningRate: 1e-3 } })));

  it.each(DIVERGENCES.flatMap((divergence) => (['adamw', 'adafactor'] as const).map((optimizer) => [divergence, optimizer] as const)))('%s with %s', (divergence, optimizer) => (
    parity({ config: untied, divergence, train: { optimizer } })));

  it.each(readdirSync(MODELS))('the model %s', async (name) => { await parity(await loadFixture(join(MODELS, name))); });

  it.each(readdirSync(FAMILIES).filter((name) => existsSync(join(FAMILIES, name, 'training.json'))))('the family %s', async (name) => {
    await parity({ ...await loadFixture(join(FAMILIES, name)), divergence: 'cross_entropy' });
  });

  // mT5's losses are so steep that larger steps make the last place of a sum the third one of the norm by the tenth.
  it.each(readdirSync(T5).filter((name) => name !== 'training'))('the encoder-decoder %s', async (name) => {
    await parity({ ...await loadFixture(join(T5, name)), divergence: 'cross_entropy', train: { learningRate: 1e-3 } });
  });

  it.each<[string, ModelConfig]>([['T5 with a relu', tinyT5({ activation: 'relu', isGated: false })], ['T5 with tied embeddings', tinyT5({ tiedEmbeddings: true, scalesOutput: true })]])('%s', (_, config) => parity({ config }));

  it.each<[string, ModelConfig]>([['llama', llama], ['gpt2', tinyGpt2()], ['t5', tinyT5()]])('layers computed again: %s', (_, config) => parity({ config, loss: { recompute: true } }));

  it.each(readdirSync(ADAPTERS).flatMap((name) => (name === 'llama-head' ? [0] : [0, 0.3]).map((dropout) => [name, dropout] as const)))('the adapter %s with dropout %d', async (name, dropout) => {
    await expectParity(executor(), await adapterTraining(name, dropout));
  });

  it.each(['q8_0', 'q4_0', 'int8', 'int4'] as const)('trained as it is shipped, %s', async (ship) => {
    // A weight on the edge of two numbers of a grid may fall to either side.
    await parity({ config: untied, train: { ship: await shippingPlan(untied, ship), learningRate: 1e-3 } });
  });

  it.each(['jsd', 'cross_entropy'] as const)('a policy gradient beside %s', (divergence) => {
    const one = training({ config: llama, divergence });
    return expectParity(executor(), { ...one, rollouts: rewarded, method: { ...one.method, lambda: 1, alpha: 0.5, samplesPerPrompt: 1 } });
  });
}

describe('a student that stays on the device that stands in for one, after ten steps of the real trainer, has what the host has:', () => {
  const standIn = standInExecutor(1);
  everyParity(() => standIn);
});

describe('a student that stays on a device', () => {
  const standIn = standInExecutor(1);

  it.each([null, 'int8', 'int4', 'q8_0', 'q4_0'] as const)('brings of a step what does not depend on the size of the models, trained as %s is shipped', async (ship) => {
    const crossed = async (config: ModelConfig): Promise<{ toDevice: number; toHost: number }> => {
      const made = await OnOne.open(standIn, training({ config, ...(ship && { train: { ship: await shippingPlan(config, ship) } }) }));
      await made.train(1, 6);
      const weights = [...(await made.train(7, 6)).weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
      const start = { ...standIn.memory!.crossed };
      await made.train(7, 12);
      const { toDevice, toHost } = standIn.memory!.crossed;
      await made.release();
      // What the test itself reads at the end.
      return { toDevice: toDevice - start.toDevice, toHost: toHost - start.toHost - weights };
    };
    const small = await crossed(tinyLlama({ tiedEmbeddings: false }));
    expect(await crossed(tinyLlama({ tiedEmbeddings: false, layers: 5, intermediateSize: 200, hiddenSize: 48, headDim: 12 }))).toEqual(small);
    expect(small.toDevice).toBeGreaterThan(0);
    // Losses and what is told of each position, a few numbers each.
    expect(small.toHost).toBeLessThan(6 * 2 * 1024);
  });

  it('goes on from its state as if it had never stopped, and takes that of the host and gives it back', async () => {
    const one = training(FEW[0]![1]);
    const copied = (made: OnOne): Map<string, { shape: readonly number[]; data: Float32Array }> => (
      new Map(made.made.optimizer.state().map(({ name, shape, data }) => [name, { shape, data: data.slice() }])));
    const through = await OnOne.open(standIn, one);
    const whole = await through.train(1, 6);
    const first = await OnOne.open(standIn, one);
    const before = await first.train(1, 3);
    const second = await OnOne.open(standIn, training({ ...FEW[0]![1], weights: weightsOf(before.weights, llama) }));
    second.made.optimizer.loadState(copied(first));
    const after = await second.train(4, 6);
    expect([...before.losses, ...after.losses]).toEqual(whole.losses);
    expect(after.weights).toEqual(whole.weights);
    expect(() => { second.made.optimizer.loadState(new Map([...copied(first)].slice(1))); }).toThrow('does not fit the model');
    const onHost = await OnOne.open(nativeExecutor(1), one);
    expect([...copied(onHost).keys()].sort()).toEqual([...copied(first).keys()].sort());
    onHost.made.optimizer.loadState(copied(first));
    expect(copied(onHost).get(`${llama.layers > 0 ? 'model.norm.weight' : ''}.exp_avg`)).toEqual(copied(first).get('model.norm.weight.exp_avg'));
    for (const made of [through, first, second, onHost]) await made.release();
  });

  it('waits for the device once in a step, behind all its micro-batches and the update', async () => {
    const order: string[] = [];
    const watched = Object.create(standIn, { compile: { value: async (graph: OnnxGraph, options?: ProgramOptions) => {
      const program = await standIn.compile(graph, options);
      const isUpdate = graph.outputs.some(({ name }) => name === 'norm');
      return Object.assign(Object.create(program) as Program, { bind: (inputs: BoundInputs, outputs: BoundOutputs) => {
        const bound = program.bind(inputs, outputs);
        const waits = Object.values(outputs).some((tensor) => !isOnDevice<Tensor>(tensor));
        return { run: () => { order.push(`${isUpdate ? 'update' : 'micro-batch'}${waits ? ', told' : ''}`); return bound.run(); }, release: () => { bound.release(); } };
      } });
    } } }) as Executor;
    const made = await OnOne.open(watched, training({ config: llama, divergence: 'cross_entropy' }));
    await made.train(1, 2);
    expect(order).toEqual(['micro-batch', 'micro-batch', 'update, told', 'micro-batch', 'micro-batch', 'update, told']);
    await made.release();
  });

  it('holds as much memory after 500 steps as after 50', async () => {
    const made = await OnOne.open(standIn, training(FEW[0]![1]));
    await made.train(1, 50);
    const early = standIn.memory!.bytes;
    await made.train(51, 500);
    expect(standIn.memory!.bytes).toBe(early);
    await made.release();
  });

  describe('and one of the host, where a gradient is no number,', () => {
    const one = training({ config: llama });
    /** By rewards, of which those of some steps are none. */
    const broken = (isBroken: (step: number) => boolean): Training => ({
      ...one, method: { ...one.method, lambda: 1, alpha: 0.5, samplesPerPrompt: 1 },
      rollouts: { write: (asked, step) => Promise.resolve(asked.map(() => ({ tokens: Int32Array.of(3, 4), ended: true, advantages: Float32Array.of(isBroken(step) ? NaN : 0.5, 1) }))) },
    });

    it.each([['device', standIn], ['host', nativeExecutor(1)]] as const)('skips that step alone: %s', async (_, executor) => {
      const made = await OnOne.open(executor, broken((step) => step === 2 || step === 4));
      const all = [await made.train(1, 1), await made.train(2, 2), await made.train(3, 3), await made.train(4, 5)];
      expect(all[1]!.weights).toEqual(all[0]!.weights);
      expect(all.map(({ told }) => told.map(({ skipped }) => skipped))).toEqual([[null], [1], [1], [2, 2]]);
      expect(all.flatMap(({ norms }) => norms).map(Number.isFinite)).toEqual([true, false, true, false, true]);
      // Its updates are those of a run that never saw the steps: what AdamW counts are updates.
      const clean = await OnOne.open(executor, { ...broken(() => false), texts: [1, 3, 5] });
      expect((await clean.train(1, 3)).weights).toEqual(all[3]!.weights);
      await made.release();
      await clean.release();
    });

    it.each([['device', standIn], ['host', nativeExecutor(1)]] as const)('ends behind ten of them: %s', async (_, executor) => {
      const made = await OnOne.open(executor, broken((step) => step > 1));
      const before = (await made.train(1, 1)).weights;
      await expect(made.train(2, 11)).rejects.toThrow('The gradient of step 11 is not finite, and neither were those of the 9 steps before it.');
      expect((await made.train(1, 0)).weights).toEqual(before);
      await made.release();
    });
  });
});

requires('vulkan')('a student that stays on WebGPU', () => {
  const webgpu = nativeExecutor(1, 'webgpu');
  if (IS_WHOLE) everyParity(() => webgpu);
  else {
    it.each(FEW)('has the losses, norms and weights of the host after ten steps: %s', (_, one) => expectParity(webgpu, training(one)));
    it('has them as an adapter with dropout', async () => { await expectParity(webgpu, await adapterTraining('qwen3', 0.3)); });
  }
});

requires('tfjs')('a student that stays in TensorFlow.js', () => {
  it.each(FEW)('has the losses, norms and weights of the host after ten steps: %s', (_, one) => expectParity(tfjsExecutor(1), training(one)));
  it('has them as an adapter', async () => { await expectParity(tfjsExecutor(1), await adapterTraining('qwen3', 0)); });

  it('leaves as many tensors behind after 50 steps as after 10, and none at the end', async () => {
    const tensors = (): number => requireTfjs(1).memory().numTensors;
    const before = tensors();
    const made = await OnOne.open(tfjsExecutor(1), training({ config: tinyLlama({ layers: 1, windows: [null] }) }));
    await made.train(1, 10);
    const early = tensors();
    await made.train(11, 50);
    expect(tensors()).toBe(early);
    await made.release();
    expect(tensors()).toBe(before);
  });
});

const weightsOf = (trained: ReadonlyMap<string, Float32Array>, config: ModelConfig): HostWeights => (
  Object.fromEntries(Object.entries(randomWeights(config, 3)).map(([name, { dtype, shape }]) => [name, { dtype, shape, data: trained.get(name)! }])));
