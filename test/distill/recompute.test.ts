import { expect, it } from 'vitest';
import { layOut, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { tinyStudent } from '../support/tiny-student.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../support/tiny-models.ts';

const executor = ortExecutor('cpu', 1);
const examples = [[3, 50, 7, 11, 2, 40, 8, 21, 5], [9, 1, 4, 4, 52]].map((ids, index): TrainingExample => (
  { index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)), isOnPolicy: false }));

async function learn(config: ModelConfig, recompute: boolean): Promise<{ losses: number[]; gradients: Map<string, number[]> }> {
  const teacher = new FrozenModel(executor, buildDecoder(config), randomWeights(config, 8));
  const { student, optimizer } = tinyStudent(executor, config, randomWeights(config, 3), {
    method: { divergence: 'jsd', beta: 0.3, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 5, recompute,
  });
  const losses: number[] = [];
  for (const batch of layOut(examples, 2, 'token', student.decoder.encoder)) {
    losses.push((await student.learn(batch, { hidden: await teacher.hidden(batch), head: teacher })).loss);
  }
  const gradients = new Map(listParameters(config).map(({ name }) => [name, [...optimizer.gradients(name)]]));
  await Promise.all([student.release(), teacher.release()]);
  return { losses, gradients };
}

it.each<[string, ModelConfig]>([
  ['llama', tinyLlama({ qkNorm: true, windows: [null, 3] })], ['gpt2', tinyGpt2()],
])('computes a layer again in the reverse pass to the same bits: %s', async (_, config) => {
  const [kept, again] = [await learn(config, false), await learn(config, true)];
  expect(again).toEqual(kept);
});

it('differs by rounding alone where all layers read one encoder, whose gradient they add up in another order', async () => {
  const [kept, again] = [await learn(tinyT5(), false), await learn(tinyT5(), true)];
  expect(again.losses).toEqual(kept.losses);
  for (const [name, values] of kept.gradients) {
    values.forEach((value, at) => expect(Math.abs(again.gradients.get(name)![at]! - value)).toBeLessThan(1e-5 * Math.max(0.1, Math.abs(value))));
  }
});
