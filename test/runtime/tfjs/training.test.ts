import { expect, it } from 'vitest';
import { layOut } from '../../../src-main/distill/batch.ts';
import { tfjsExecutor } from '../../../src-main/runtime/tfjs/executor.ts';
import { requireTfjs } from '../../../src-main/runtime/tfjs/find-tfjs.ts';
import { requires } from '../../support/requires.ts';
import { randomWeights, tinyLlama } from '../../support/tiny-models.ts';
import { tinyStudent } from '../../support/tiny-student.ts';

requires('tfjs')('a student on TensorFlow.js', () => {
  it('leaves as many tensors behind after 50 steps as after 10, and none at the end', async () => {
    const tensors = (): number => requireTfjs(1).memory().numTensors;
    const config = tinyLlama();
    const before = tensors();
    const { student, optimizer } = tinyStudent(tfjsExecutor(1), config, randomWeights(config, 3), {
      method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4,
    });
    const [batch] = layOut([{ index: 0, prompt: Int32Array.of(3, 9), completion: Int32Array.of(7, 11, 2), isOnPolicy: false }], 1, 'token', null);
    const train = async (from: number, to: number): Promise<void> => {
      for (let step = from; step <= to; step++) {
        await student.learn(batch!, null, step);
        optimizer.update({ step, learningRate: 1e-3, gradientScale: 1 });
      }
    };
    await train(1, 10);
    const early = tensors();
    await train(11, 50);
    expect(tensors()).toBe(early);
    await student.release();
    expect(tensors()).toBe(before);
  });
});
