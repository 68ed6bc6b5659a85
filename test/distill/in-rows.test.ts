import { describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Optimizer } from '../../src-main/distill/optimizers/optimizer.ts';
import { ruleOf } from '../../src-main/distill/optimizers/rules.ts';
import { Student } from '../../src-main/distill/student.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { EXACT } from '../../src-main/nn/weights/exact.ts';
import { inRows } from '../../src-main/nn/weights/in-rows.ts';
import { rowsOf } from '../../src-main/nn/weights/rows.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { inParts, TRAIN } from '../support/tiny-student.ts';
import { randomWeights, tinyGpt2, tinyLlama } from '../support/tiny-models.ts';

const executor = ortExecutor('cpu', 1);
/** So few that every matrix and table of the tiny models is cut, some in unequal parts. */
const MOST = 120;
const WHOLE = 1e9;

const examples = [[3, 50, 7, 11, 2, 40, 8], [9, 1, 4, 4, 52]].map((ids, index) => (
  { index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)), isOnPolicy: false }));

interface Trained { losses: number[]; norms: number[]; weights: Map<string, Float32Array> }

async function train(config: ModelConfig, optimizer: 'adamw' | 'adafactor', most: number): Promise<Trained> {
  const settings = { ...TRAIN, optimizer, weightDecay: 0.1, scaleParameter: true };
  const parameters = listParameters(config);
  const owner = new Optimizer(parameters.map((parameter) => ({ ...parameter, gradientRows: 64 })), ruleOf(settings), { elements: most });
  const weights = randomWeights(config, 5);
  for (const [name, data] of Object.entries(inParts(weights, parameters, most))) owner.weights(name).set(data.data as Float32Array);
  const student = new Student(executor, buildDecoder(config, inRows(EXACT, most)), owner, {
    method: { divergence: 'jsd', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 4,
  });
  const teacher = new FrozenModel(executor, buildDecoder(config, inRows(EXACT, most)), inParts(randomWeights(config, 6), parameters, most));
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let step = 1; step <= 5; step++) {
    let loss = 0;
    for (const batch of layOut(examples, 1, 'token', null)) loss += (await student.learn(batch, { hidden: await teacher.hidden(batch), head: teacher })).loss;
    losses.push(loss);
    norms.push(owner.gradientNorm());
    owner.update({ step, learningRate: 1e-2, gradientScale: 1 });
  }
  await Promise.all([student.release(), teacher.release()]);
  return { losses, norms, weights: new Map(parameters.map((parameter) => (
    [parameter.name, Float32Array.from(rowsOf(parameter, most).flatMap(({ name }) => [...owner.weights(name)]))]))) };
}

const close = (left: ArrayLike<number>, right: ArrayLike<number>, within: number): void => {
  expect(left.length).toBe(right.length);
  const worst = Array.from(left, (value, at) => Math.abs(value - right[at]!) / Math.max(1e-2, Math.abs(right[at]!))).reduce((a, b) => Math.max(a, b), 0);
  expect(worst).toBeLessThan(within);
};

describe.each<[string, ModelConfig]>([
  ['llama, tied', tinyLlama({ tiedEmbeddings: true })], ['llama, untied', tinyLlama({ tiedEmbeddings: false })], ['gpt2', tinyGpt2()],
])('%s in parts of rows', (_, config) => {
  it.each(['adamw', 'adafactor'] as const)('learns as it does whole, with %s', async (optimizer) => {
    expect(listParameters(config).some((parameter) => rowsOf(parameter, MOST).length > 2)).toBe(true);
    const [whole, parts] = [await train(config, optimizer, WHOLE), await train(config, optimizer, MOST)];
    close(parts.losses, whole.losses, 1e-4);
    close(parts.norms, whole.norms, 1e-4);
    // The gradient of the keys' bias is zero but for rounding, which the optimizers blow up.
    for (const [name, values] of whole.weights) if (!name.endsWith('c_attn.bias')) close(parts.weights.get(name)!, values, 5e-3);
  });

  it('writes what it writes whole', async () => {
    const parameters = listParameters(config);
    const weights = randomWeights(config, 5);
    const write = async (most: number): Promise<number[][]> => {
      const plan = new TextPlan(executor, buildDecoder(config, inRows(EXACT, most)), inParts(weights, parameters, most), { vocabulary: config.vocabSize, maxLength: 16, choice: 'greedy' });
      const writer = await plan.open();
      const written = await writer.write(examples.map(({ index: id, prompt: tokens }) => ({ id, tokens })), { maxNewTokens: 8, eos: new Set(), sampling: { strategy: 'greedy' }, signal: new AbortController().signal });
      await writer.release();
      return written.map(({ tokens }) => [...tokens]);
    };
    expect(await write(MOST)).toEqual(await write(WHOLE));
  });
});

describe('the parts of a weight', () => {
  it('are itself where it is small enough, and its rows in order otherwise', () => {
    expect(rowsOf({ name: 'w', shape: [4, 10] }, 40)).toEqual([{ name: 'w', shape: [4, 10], start: 0 }]);
    expect(rowsOf({ name: 'w', shape: [7, 10] }, 30).map(({ shape, start }) => [start, shape])).toEqual([[0, [2, 10]], [2, [2, 10]], [4, [3, 10]]]);
    expect(rowsOf({ name: 'b', shape: [5] }, 100)).toHaveLength(1);
  });
});
