import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveMethod } from '../../src-main/contract/presets.ts';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Trainer } from '../../src-main/distill/trainer.ts';
import { writeOnnxFiles } from '../../src-main/export/onnx-file.ts';
import { openExported } from '../../src-main/export/opened.ts';
import { measureParity } from '../../src-main/export/parity.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { dataExamples } from '../support/data-examples.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { logitsAt } from '../support/logits.ts';
import { tensorsOf } from '../support/tensors.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const FIXTURES = 'test/fixtures/engine/families';
const executor = ortExecutor('cpu', 1);

interface Reference { ids: number[][]; lengths: number[]; promptLengths: number[]; loss: number; greedy: number[][]; gradients: string[] }
interface Training {
  steps: number; rows: number; known: number; losses: number[]; norms: number[];
  /** The first elements of every parameter; null where its gradient is nothing but rounding. */
  weights: Record<string, (number | null)[]>;
  train: { learningRate: number; warmupSteps: number; weightDecay: number; clipNorm: number };
}

const read = <T>(name: string, file: string): T => JSON.parse(readFileSync(join(FIXTURES, name, file), 'utf8')) as T;
const relative = (found: number, wanted: number): number => Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1e-3);

async function load(name: string) {
  const { config, weights } = await loadFixture(join(FIXTURES, name));
  const reference = read<Reference>(name, 'reference.json');
  const numbers = await tensorsOf(join(FIXTURES, name, 'reference.safetensors'));
  const examples = reference.lengths.map((length, index) => {
    const ids = Int32Array.from(reference.ids[index]!.slice(0, length));
    return { index, prompt: ids.slice(0, reference.promptLengths[index]), completion: ids.slice(reference.promptLengths[index]), isOnPolicy: false };
  });
  /** Rows of the expected logits from which a completion's tokens are told, [length, vocabulary]. */
  const expected = ({ index, prompt, completion }: (typeof examples)[number]): Float32Array => {
    const all = numbers('logits');
    const first = index * (all.length / config.vocabSize / examples.length) + prompt.length - 1;
    return all.slice(first * config.vocabSize, (first + completion.length) * config.vocabSize);
  };
  return { config, decoder: buildDecoder(config), weights, reference, numbers, examples, expected };
}

describe.each(readdirSync(FIXTURES))('%s is what Transformers computes', (name) => {
  it('logits, within 1e-4', async () => {
    const { decoder, weights, examples, expected } = await load(name);
    const model = new FrozenModel(executor, decoder, weights);
    const [batch] = layOut(examples, examples.length, 'token', null);
    const found = await logitsAt(model, batch!);
    for (const { example, start, end } of batch!.spans) {
      const wanted = expected(examples[example]!);
      const logits = found.subarray(start * decoder.vocabSize, end * decoder.vocabSize);
      expect(logits).toHaveLength(wanted.length);
      expect(Math.max(...wanted.map((value, at) => Math.abs(value - logits[at]!)))).toBeLessThan(1e-4);
    }
    await model.release();
  });

  it('loss and gradients, within 1e-4 relative', async () => {
    const { config, weights, reference, numbers, examples } = await load(name);
    if (reference.gradients.length === 0) return; // the text of a wrapper, with the gradients of its twin
    const { student, optimizer } = tinyStudent(executor, config, weights, {
      method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 7,
    });
    let loss = 0;
    for (const batch of layOut(examples, 2, 'token', null)) loss += (await student.learn(batch, null)).loss;
    expect(Math.abs(loss - reference.loss)).toBeLessThan(1e-5 * reference.loss);
    for (const { name: key } of listParameters(config)) {
      const [found, wanted] = [optimizer.gradients(key), numbers(`gradient.${key}`)];
      const scale = Math.hypot(...wanted);
      expect(Math.hypot(...wanted.map((value, at) => value - found[at]!)), key).toBeLessThanOrEqual(1e-4 * scale + 1e-6);
    }
    await student.release();
  });

  it.skipIf(!existsSync(join(FIXTURES, name, 'training.json')))('ten steps of AdamW over a padded vocabulary', async () => {
    const { config, weights, examples } = await load(name);
    const wanted = read<Training>(name, 'training.json');
    const { method } = resolveMethod({ preset: 'sft', reduction: 'token' });
    const { student, optimizer, train } = tinyStudent(executor, config, weights, { method, sharedVocabulary: wanted.known, chunk: 16 }, {
      ...wanted.train, batchSize: wanted.rows, schedule: 'linear',
    });
    const known = (ids: Int32Array): Int32Array => ids.map((id) => 3 + (id - 3) % (wanted.known - 3));
    const batch = (step: number) => Array.from({ length: wanted.rows }, (_, at) => examples[(step - 1 + at) % examples.length]!)
      .map(({ index, prompt, completion }) => ({ index, prompt: known(prompt), completion: known(completion) }));
    const trainer = new Trainer({
      student, optimizer, rollouts: null, teacher: null, data: { count: examples.length, batch: (step) => dataExamples(batch(step)) },
    }, { seed: 0, steps: wanted.steps, microBatchSize: 2, sharedVocabulary: wanted.known, method, train });
    for (let step = 1; step <= wanted.steps; step++) {
      const { metrics } = await trainer.step(step);
      expect(relative(metrics.loss, wanted.losses[step - 1]!), `loss of step ${step}`).toBeLessThan(1e-4);
      expect(relative(metrics.gradientNorm, wanted.norms[step - 1]!), `gradient norm of step ${step}`).toBeLessThan(1e-3);
    }
    for (const [key, values] of Object.entries(wanted.weights)) {
      const found = optimizer.weights(key);
      const known = values.flatMap((value, at) => (value === null ? [] : [{ value, difference: value - found[at]! }]));
      expect(Math.hypot(...known.map(({ difference }) => difference)), key).toBeLessThanOrEqual(1e-4 * Math.hypot(...known.map(({ value }) => value)));
    }
    await trainer.release();
  });

  it('greedy text through the cache, token for token', async () => {
    const { config, decoder, weights, reference, examples } = await load(name);
    const writer = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 48, choice: 'greedy' }).open();
    const completions = await writer.write(examples.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
      { maxNewTokens: reference.greedy[0]!.length, eos: new Set(), sampling: { strategy: 'greedy' } });
    expect(completions.map(({ tokens }) => [...tokens])).toEqual(reference.greedy);
    await writer.release();
  });

  it('the exported model, whole texts and through its cache', async () => {
    const { config, decoder, weights, examples, expected } = await load(name);
    const folder = await mkdtemp(join(tmpdir(), 'retort-family-'));
    const written = await writeOnnxFiles(folder, config, 'fp32', (key) => [weights[key]!.data as Float32Array]);
    const opened = await openExported(written.map(({ path }) => path), decoder);
    const { maxLogitDifference } = await measureParity(opened, config.vocabSize, examples, (text) => Promise.resolve(expected(text as (typeof examples)[number])));
    expect(maxLogitDifference).toBeLessThan(1e-4);
    await opened.release();
    await rm(folder, { recursive: true });
  });
});
