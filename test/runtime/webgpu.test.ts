import { expect, it } from 'vitest';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { requires } from '../support/requires.ts';
import { tinyStudent } from '../support/tiny-student.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';

requires('vulkan')('a teacher on WebGPU', () => {
  it.each([
    ['llama', tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: false })],
    ['gpt2', tinyGpt2()],
  ])('gives the hidden states it gives on the CPU: %s', async (_, config) => {
    const weights = randomWeights(config, 3);
    const [batch] = layOut([[1, 2, 3, 4, 5, 6, 7], [9, 4, 5]].map((ids, index) => (
      { index, prompt: Int32Array.from(ids.slice(0, 1)), completion: Int32Array.from(ids.slice(1)), isOnPolicy: false })), 2, 'token', null);
    const hidden = async (device: 'cpu' | 'webgpu'): Promise<Float32Array> => {
      const model = new FrozenModel(ortExecutor(device), buildDecoder(config), weights);
      const { data } = await model.hidden(batch!);
      await model.release();
      return data as Float32Array;
    };
    const [cpu, gpu] = [await hidden('cpu'), await hidden('webgpu')];
    cpu.forEach((value, at) => expect(Math.abs(value - gpu[at]!)).toBeLessThan(1e-5));
  });
});

requires('vulkan')('a student on WebGPU', () => {
  it.each([
    ['llama', tinyLlama({ headDim: 8, qkNorm: true, windows: [4, null], tiedEmbeddings: false })],
    ['gpt2', tinyGpt2()],
  ])('has the loss and the gradients it has on the CPU: %s', async (_, config) => {
    const weights = randomWeights(config, 3);
    const texts = [[1, 2, 3, 4, 5, 6, 7], [9, 4, 5]].map((ids, index) => (
      { index, prompt: Int32Array.from(ids.slice(0, 1)), completion: Int32Array.from(ids.slice(1)), isOnPolicy: false }));
    const [batch] = layOut(texts, 2, 'token', null);
    const teacher = new FrozenModel(ortExecutor('cpu'), buildDecoder(config), randomWeights(config, 4));
    const view = { hidden: await teacher.hidden(batch!), head: teacher };
    const learn = async (device: 'cpu' | 'webgpu'): Promise<{ loss: number; gradients: Map<string, Float32Array> }> => {
      const { student, optimizer } = tinyStudent(ortExecutor(device), config, weights, {
        method: { divergence: 'jsd', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4,
      });
      // Twice: gradients are added to those so far.
      await student.learn(batch!, view);
      const { loss } = await student.learn(batch!, view);
      await student.release();
      return { loss, gradients: new Map(Object.keys(weights).map((name) => [name, optimizer.gradients(name)])) };
    };
    const [cpu, gpu] = [await learn('cpu'), await learn('webgpu')];
    expect(gpu.loss).toBeCloseTo(cpu.loss, 5);
    expect(cpu.gradients.size).toBe(Object.keys(weights).length);
    for (const [name, expected] of cpu.gradients) {
      const got = gpu.gradients.get(name)!;
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest, name).toBeGreaterThan(0);
      expected.forEach((value, at) => expect(Math.abs(value - got[at]!), name).toBeLessThan(1e-5 * Math.max(1, largest)));
    }
    await teacher.release();
  });
});

it('says what CUDA lacks and how to get it', async () => {
  const config = tinyLlama();
  const model = new FrozenModel(ortExecutor('cuda'), buildDecoder(config), randomWeights(config, 3));
  const [batch] = layOut([{ index: 0, prompt: Int32Array.of(1), completion: Int32Array.of(2), isOnPolicy: false }], 1, 'token', null);
  await expect(model.hidden(batch!)).rejects.toThrow(/CUDA/);
});
