import { describe, expect, it } from 'vitest';
import type { DivergenceName } from '../../src-main/contract/divergence.ts';
import { layOut, type MicroBatch } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { clipScale } from '../../src-main/distill/optimizers/clip.ts';
import { flatRuleOf } from '../../src-main/distill/optimizers/flat/rules.ts';
import { DeviceOptimizer } from '../../src-main/distill/resident/device-optimizer.ts';
import { ResidentStudent } from '../../src-main/distill/resident/resident-student.ts';
import type { LossSettings, TeacherView } from '../../src-main/distill/student.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { nativeExecutor, standInExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { expectClose } from '../support/close.ts';
import { requires } from '../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';
import { TRAIN, tinyStudent } from '../support/tiny-student.ts';

type Optimizer = 'adamw' | 'adafactor';
interface Case { config: ModelConfig; divergence: DivergenceName; optimizer: Optimizer }

const CHANGES = { clipNorm: 0.5, weightDecay: 0.1, learningRate: 1e-2 };
const host = nativeExecutor(1);

/** Two micro-batches, of one shape. */
function batches(encoder: { startId: number } | null): MicroBatch[] {
  const texts = [[1, 2, 3, 4, 5, 6, 7], [9, 4, 5], [3, 3, 8, 1], [2, 9, 9, 9, 1, 4]].map((ids, index) => (
    { index, prompt: Int32Array.from(ids.slice(0, 1)), completion: Int32Array.from(ids.slice(1)), isOnPolicy: false }));
  return layOut(texts, 2, 'token', encoder);
}

function settingsOf({ config, divergence }: Case): LossSettings {
  return { method: { divergence, beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4 };
}

async function views(config: ModelConfig, laidOut: readonly MicroBatch[]): Promise<TeacherView[]> {
  const teacher = new FrozenModel(host, buildDecoder(config), randomWeights(config, 4));
  const seen: TeacherView[] = [];
  for (const batch of laidOut) seen.push({ hidden: await teacher.hidden(batch), head: teacher });
  await teacher.release();
  return seen;
}

interface Trained { losses: number[]; norms: number[]; weights: Map<string, Float32Array> }

async function onHost(one: Case, steps: number): Promise<Trained> {
  const { student, optimizer } = tinyStudent(host, one.config, randomWeights(one.config, 3), settingsOf(one), { ...CHANGES, optimizer: one.optimizer });
  const laidOut = batches(student.decoder.encoder);
  const seen = await views(one.config, laidOut);
  const told: Trained = { losses: [], norms: [], weights: new Map() };
  for (let step = 1; step <= steps; step++) {
    let loss = 0;
    for (const [at, batch] of laidOut.entries()) loss += (await student.learn(batch, seen[at]!, step)).loss;
    const norm = optimizer.gradientNorm();
    optimizer.update({ step, learningRate: CHANGES.learningRate, gradientScale: clipScale(norm, CHANGES.clipNorm) });
    told.losses.push(loss);
    told.norms.push(norm);
  }
  for (const { name } of optimizer.tensors) told.weights.set(name, optimizer.weights(name));
  await student.release();
  return told;
}

/** A student of a case on a device. */
async function resident(executor: Executor, one: Case): Promise<{ optimizer: DeviceOptimizer; train(from: number, to: number): Promise<Trained>; release(): Promise<void> }> {
  const decoder = buildDecoder(one.config);
  const optimizer = await DeviceOptimizer.open(executor, listParameters(one.config), flatRuleOf({ ...TRAIN, ...CHANGES, optimizer: one.optimizer }), CHANGES.clipNorm);
  const weights = randomWeights(one.config, 3);
  await optimizer.load(async (into) => { for (const { name } of optimizer.tensors) into(name).set(weights[name]!.data as Float32Array); });
  const student = new ResidentStudent(executor, decoder, optimizer, settingsOf(one));
  const laidOut = batches(decoder.encoder);
  const seen = await views(one.config, laidOut);
  return {
    optimizer,
    async train(from, to) {
      const told: Trained = { losses: [], norms: [], weights: new Map() };
      for (let step = from; step <= to; step++) {
        let loss = 0;
        for (const [at, batch] of laidOut.entries()) loss += (await student.learn(batch, seen[at]!, step)).loss;
        told.losses.push(loss);
        told.norms.push(await optimizer.apply({ step, learningRate: CHANGES.learningRate }));
      }
      for (const { name } of optimizer.tensors) told.weights.set(name, optimizer.read(name));
      return told;
    },
    async release() {
      await student.release();
      await optimizer.release();
    },
  };
}

/**
 * A parameter without what changes nothing: attention is the same whatever is added to all keys, so the gradient of
 * GPT-2's bias of keys, the second third of three, is rounding alone, which an optimizer makes as large as any other.
 */
function meaningful(name: string, weights: Float32Array): Float32Array {
  if (!name.endsWith('c_attn.bias')) return weights;
  return weights.map((weight, at) => (Math.floor((3 * at) / weights.length) === 1 ? 0 : weight));
}

async function expectParity(executor: Executor, one: Case): Promise<void> {
  const steps = 10;
  const held = executor.memory!.bytes;
  const wanted = await onHost(one, steps);
  const student = await resident(executor, one);
  const found = await student.train(1, steps);
  expectClose(found.losses, wanted.losses, 1e-4);
  expectClose(found.norms, wanted.norms, 1e-3);
  for (const [name, weights] of wanted.weights) expectClose(meaningful(name, found.weights.get(name)!), meaningful(name, weights), 1e-3, { name });
  await student.release();
  expect(executor.memory!.bytes).toBe(held);
}

const llama = tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: true });
const CASES: readonly (readonly [string, Case])[] = [
  ['llama with tied embeddings, jsd, AdamW', { config: llama, divergence: 'jsd', optimizer: 'adamw' }],
  ['gpt2, reverse_kl, AdamW', { config: tinyGpt2(), divergence: 'reverse_kl', optimizer: 'adamw' }],
  ['llama, reverse_kl, Adafactor', { config: llama, divergence: 'reverse_kl', optimizer: 'adafactor' }],
];

describe('a student that stays on the device that stands in for one', () => {
  const standIn = standInExecutor(1);

  it.each([
    ...CASES,
    ...(['forward_kl', 'tvd', 'cross_entropy'] as const).map((divergence) => [`llama, ${divergence}`, { config: llama, divergence, optimizer: 'adamw' }] as const),
  ])('has the losses, norms and weights of the host after ten steps: %s', async (_, one) => { await expectParity(standIn, one); });

  it('brings of a step what does not depend on the size of the model', async () => {
    const crossed = async (config: ModelConfig): Promise<[number, number]> => {
      const student = await resident(standIn, { config, divergence: 'jsd', optimizer: 'adamw' });
      await student.train(1, 1);
      const start = { ...standIn.memory!.crossed };
      const weights = student.optimizer.tensors.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
      await student.train(2, 6);
      const { toDevice, toHost } = standIn.memory!.crossed;
      await student.release();
      // What the test itself reads at the end.
      return [toDevice - start.toDevice, toHost - start.toHost - weights];
    };
    const small = await crossed(tinyLlama());
    const large = await crossed(tinyLlama({ layers: 5, intermediateSize: 200 }));
    expect(large).toEqual(small);
    expect(small[0]).toBeGreaterThan(0);
  });

  it('goes on from its state as if it had never stopped, and takes that of a host', async () => {
    const one = CASES[0]![1];
    const through = await resident(standIn, one);
    const whole = await through.train(1, 6);
    const first = await resident(standIn, one);
    const before = await first.train(1, 3);
    const state = new Map([...first.optimizer.state()].map((tensor) => [tensor.name, { ...tensor, data: tensor.data.slice() }]));
    const second = await resident(standIn, one);
    await second.optimizer.load(async (into) => { for (const [name, data] of before.weights) into(name).set(data); });
    second.optimizer.loadState(state);
    const after = await second.train(4, 6);
    expect([...before.losses, ...after.losses]).toEqual(whole.losses);
    expect(after.weights).toEqual(whole.weights);
    expect(() => { second.optimizer.loadState(new Map([...state].slice(1))); }).toThrow('does not fit the model');
    const { optimizer } = tinyStudent(host, one.config, randomWeights(one.config, 3), settingsOf(one), { ...CHANGES });
    expect(optimizer.state().map(({ name }) => name).sort()).toEqual([...state.keys()].sort());
    for (const student of [through, first, second]) await student.release();
  });

  it('holds as much memory after many steps as after a few', async () => {
    const student = await resident(standIn, CASES[0]![1]);
    await student.train(1, 50);
    const early = standIn.memory!.bytes;
    await student.train(51, 500);
    expect(standIn.memory!.bytes).toBe(early);
    await student.release();
  });
});

requires('vulkan')('a student that stays on WebGPU', () => {
  it.each(CASES)('has the losses, norms and weights of the host after ten steps: %s', async (_, one) => { await expectParity(nativeExecutor(1, 'webgpu'), one); });
});
