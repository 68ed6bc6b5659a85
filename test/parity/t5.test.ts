import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { logitsAt } from '../support/logits.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tensorsOf } from '../support/tensors.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const FIXTURES = 'test/fixtures/engine/t5';
/** Rounding in float32 leaves less; a wrong term, far more. */
const TOLERANCE = 1e-4;
const executor = ortExecutor('cpu', 1);

interface Reference { prompts: number[][]; completions: number[][]; loss: number; greedy: number[][]; beams: number[][][] }

async function load(name: string) {
  const { config, weights } = await loadFixture(join(FIXTURES, name));
  const reference = JSON.parse(readFileSync(join(FIXTURES, name, 'reference.json'), 'utf8')) as Reference;
  const examples = reference.prompts.map((prompt, index) => ({
    index, prompt: Int32Array.from(prompt), completion: Int32Array.from(reference.completions[index]!), isOnPolicy: false,
  }));
  return { config, weights, decoder: buildDecoder(config), reference, examples, numbers: await tensorsOf(join(FIXTURES, name, 'reference.safetensors')) };
}

describe.each(['t5', 't5-wide-heads', 'flan', 'flan-start', 'mt5', 'umt5', 'umt5-unscaled'])('%s is what Transformers computes', (name) => {
  it('logits, within 1e-4', async () => {
    const { decoder, weights, numbers, examples } = await load(name);
    const expected = numbers('logits');
    const model = new FrozenModel(executor, decoder, weights);
    const longest = expected.length / examples.length / decoder.vocabSize;
    let compared = 0;
    for (const batch of layOut(examples, 3, 'token', decoder.encoder)) {
      const logits = await logitsAt(model, batch);
      for (const { example, start, end } of batch.spans) {
        for (let at = start; at < end; at++) {
          for (let token = 0; token < decoder.vocabSize; token++) {
            expect(Math.abs(logits[at * decoder.vocabSize + token]! - expected[(examples[example]!.index * longest + at - start) * decoder.vocabSize + token]!)).toBeLessThan(1e-4);
            compared++;
          }
        }
      }
    }
    expect(compared).toBe(examples.reduce((sum, { completion }) => sum + completion.length, 0) * decoder.vocabSize);
    await model.release();
  });

  it('loss and gradients, within 1e-4 relative', async () => {
    const { config, weights, decoder, reference, numbers, examples } = await load(name);
    const { student, optimizer } = tinyStudent(executor, config, weights, {
      method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 7,
    });
    let loss = 0;
    for (const batch of layOut(examples, 3, 'token', decoder.encoder)) loss += (await student.learn(batch, null)).loss;
    expect(Math.abs(loss - reference.loss)).toBeLessThan(1e-5 * reference.loss);
    for (const { name: key } of listParameters(config)) {
      const [found, wanted] = [optimizer.gradients(key), numbers(`gradient.${key}`)];
      const scale = Math.hypot(...wanted);
      expect(Math.hypot(...wanted.map((value, at) => value - found[at]!)), key).toBeLessThanOrEqual(1e-4 * scale + 1e-6);
    }
    await student.release();
  });

  it('greedy text through the caches, token for token', async () => {
    const { config, decoder, weights, reference, examples } = await load(name);
    const writer = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 64, choice: 'greedy' }).open();
    const write = async (prompts: typeof examples, eos: number[]) => (await writer.write(
      prompts.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
      { maxNewTokens: reference.greedy[0]!.length, eos: new Set(eos), sampling: { strategy: 'greedy' } })).map(({ tokens }) => [...tokens]);
    expect(await write(examples, [])).toEqual(reference.greedy);
    // A text that ends leaves the batch, and the others do not notice.
    const [first] = reference.greedy;
    const until = (tokens: number[]): number[] => (tokens.includes(first![2]!) ? tokens.slice(0, tokens.indexOf(first![2]!) + 1) : tokens);
    expect(await write(examples, [first![2]!])).toEqual(reference.greedy.map(until));
    // What is begun is read by the decoder, beginnings of different lengths together.
    const rest = await writer.write(examples.map(({ index, prompt }, at) => ({ id: index, tokens: prompt, begun: Int32Array.from(reference.greedy[at]!.slice(0, at + 1)) })),
      { maxNewTokens: 3, eos: new Set(), sampling: { strategy: 'greedy' } });
    expect(rest.map(({ tokens }) => [...tokens])).toEqual(reference.greedy.map((tokens, at) => tokens.slice(at + 1, at + 4)));
    await writer.release();
  });
});

describe('training is PyTorch\'s with Transformers\' T5', () => {
  interface Training {
    steps: number;
    train: { learningRate: number; warmupSteps: number; weightDecay: number; clipNorm: number };
    batches: { prompt: number[]; completion: number[] }[][];
    cases: { optimizer: 'adamw' | 'adafactor'; scaleParameter: boolean; losses: number[]; norms: number[] }[];
  }
  const fixture = JSON.parse(readFileSync(join(FIXTURES, 'training/training.json'), 'utf8')) as Training;

  it.each(fixture.cases)('ten steps of $optimizer, scaled by the weights: $scaleParameter', async ({ optimizer: name, scaleParameter, losses, norms }) => {
    const { config, weights } = await loadFixture(join(FIXTURES, 't5'));
    const teacher = await loadFixture(join(FIXTURES, 't5-wide-heads'));
    const { method } = resolveMethod({ preset: 'gkd', lambda: 0, divergence: 'forward_kl' });
    const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: 101, chunk: 16 }, {
      ...fixture.train, batchSize: 6, schedule: 'linear', optimizer: name, scaleParameter,
    });
    const trainer = new Trainer({
      student, optimizer, rollouts: null, teacher: new FrozenModel(executor, buildDecoder(teacher.config), teacher.weights),
      data: { count: 60, batch: (step) => dataExamples(fixture.batches[step - 1]!.map(({ prompt, completion }, index) => (
        { index, prompt: Int32Array.from(prompt), completion: Int32Array.from(completion) }))) },
    }, { seed: 0, steps: fixture.steps, microBatchSize: 4, sharedVocabulary: 101, method, train });
    for (let step = 1; step <= fixture.steps; step++) {
      const { metrics } = await trainer.step(step);
      expect(Math.abs(metrics.loss / losses[step - 1]! - 1), `loss of step ${step}`).toBeLessThan(TOLERANCE);
      expect(Math.abs(metrics.gradientNorm / norms[step - 1]! - 1), `gradient norm of step ${step}`).toBeLessThan(TOLERANCE);
    }
    const wanted = await tensorsOf(join(FIXTURES, 'training', `${name}${scaleParameter ? '-scaled' : ''}.safetensors`));
    for (const { name: key } of listParameters(config)) {
      const values = wanted(key);
      const found = optimizer.weights(key);
      expect(Math.hypot(...values.map((value, at) => value - found[at]!)) / Math.hypot(...values), key).toBeLessThan(TOLERANCE);
    }
    await trainer.release();
  });
});
