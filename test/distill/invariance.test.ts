import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, type TrainingExample } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import type { LossSettings } from '../../src-main/distill/student.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { randomWeights, tinyLlama } from '../support/tiny-models.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const executor = ortExecutor('cpu', 1);
const config = tinyLlama();
const teacherConfig = tinyLlama({ hiddenSize: 32, heads: 4, headDim: 8, tiedEmbeddings: false });
const teacher = new FrozenModel(executor, buildDecoder(teacherConfig), randomWeights(teacherConfig, 5));
const weights = randomWeights(config, 3);

interface Learned { loss: number; gradients: Float32Array[]; perExample: number[][] }

async function learn(examples: readonly TrainingExample[], microBatchSize: number, reduction: 'sequence' | 'token', chunk: number): Promise<Learned> {
  const settings: LossSettings = {
    method: { divergence: 'jsd', beta: 0.3, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: 53, chunk,
  };
  const { student, optimizer } = tinyStudent(executor, config, weights, settings);
  const perExample = examples.map(() => [] as number[]);
  let loss = 0;
  for (const batch of layOut(examples, microBatchSize, reduction, null)) {
    const lesson = await student.learn(batch, { hidden: await teacher.hidden(batch), head: teacher });
    loss += lesson.loss;
    for (const { example, start, end } of batch.spans) perExample[example] = [...lesson.told('divergence')!.subarray(start, end)];
  }
  await student.release();
  return { loss, perExample, gradients: listParameters(config).map(({ name }) => optimizer.gradients(name).slice()) };
}

const tokens = (least: number, most: number): fc.Arbitrary<Int32Array> =>
  fc.array(fc.integer({ min: 0, max: 52 }), { minLength: least, maxLength: most }).map((ids) => Int32Array.from(ids));
const batches = fc.array(fc.record({ prompt: tokens(1, 12), completion: tokens(1, 20) }), { minLength: 2, maxLength: 6 })
  .map((texts) => texts.map((text, index): TrainingExample => ({ ...text, index, isOnPolicy: false })));
/** The same with tokens here and there that are not learned; the first and the last are. */
const masked = batches.map((texts) => texts.map((text, at) => (
  at % 3 === 2 ? text : { ...text, learned: Uint8Array.from(text.completion, (token, place) => Number(place === 0 || place === text.completion.length - 1 || token % 2 === 0)) })));
/** The same with advantages, here and there none. */
const judged = batches.map((texts) => texts.map((text, at) => (
  at % 3 === 1 ? text : { ...text, advantages: Float32Array.from(text.completion, (token) => (token - 26) / 200) })));

function expectClose(a: Float32Array, b: Float32Array): void {
  const scale = Math.max(...a.map(Math.abs), 1e-3);
  a.forEach((value, at) => expect(Math.abs(value - b[at]!)).toBeLessThan(2e-5 * scale));
}

describe('the loss and the gradient are those of the batch', () => {
  it('whatever the micro-batches, the chunks of the loss and the padding they bring', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(batches, judged, masked), fc.constantFrom('sequence' as const, 'token' as const), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 40 }),
      async (examples, reduction, microBatchSize, chunk) => {
        const whole = await learn(examples, examples.length, reduction, 4096);
        const parts = await learn(examples, microBatchSize, reduction, chunk);
        expect(Math.abs(whole.loss - parts.loss)).toBeLessThan(1e-5 * Math.max(1, whole.loss));
        whole.gradients.forEach((gradient, at) => expectClose(gradient, parts.gradients[at]!));
      }), { numRuns: 12, seed: 1 });
  });

  it('whatever the order of the examples', async () => {
    const examples = fc.sample(batches, { numRuns: 1, seed: 4 })[0]!;
    const forward = await learn(examples, 2, 'sequence', 64);
    const backward = await learn([...examples].reverse(), 2, 'sequence', 64);
    forward.gradients.forEach((gradient, at) => expectClose(gradient, backward.gradients[at]!));
  });

  it('and is the mean the reduction names', async () => {
    const examples = fc.sample(batches, { numRuns: 1, seed: 7 })[0]!;
    const { loss, perExample } = await learn(examples, 3, 'sequence', 64);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(loss).toBeCloseTo(mean(perExample.map(mean)), 5);
    const byToken = await learn(examples, 3, 'token', 64);
    expect(byToken.loss).toBeCloseTo(mean(perExample.flat()), 5);
  });
});
