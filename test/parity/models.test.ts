import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextPlan } from '../../src-main/decode/text-writer.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { tinyStudent } from '../support/tiny-student.ts';

const FIXTURES = 'test/fixtures/engine/models';
const MODELS = readdirSync(FIXTURES);
const executor = ortExecutor('cpu', 1);

interface Reference { ids: number[][]; lengths: number[]; promptLengths: number[]; loss: number; greedy: number[][]; gradients: string[] }

async function load(name: string) {
  const { config, weights } = await loadFixture(join(FIXTURES, name));
  const reference = JSON.parse(await readFile(join(FIXTURES, name, 'reference.json'), 'utf8')) as Reference;
  const file = await SafetensorsFile.open(join(FIXTURES, name, 'reference.safetensors'));
  const numbers = async (key: string): Promise<Float32Array> => {
    const data = new Float32Array(file.tensors.find((tensor) => tensor.name === key)!.shape.reduce((size, dim) => size * dim, 1));
    await file.read(key, data);
    return data;
  };
  const examples = reference.lengths.map((length, index) => {
    const ids = Int32Array.from(reference.ids[index]!.slice(0, length));
    return { index, prompt: ids.slice(0, reference.promptLengths[index]), completion: ids.slice(reference.promptLengths[index]), isOnPolicy: false };
  });
  return { config, decoder: buildDecoder(config), weights, reference, numbers, examples };
}

describe.each(MODELS)('%s is what Transformers computes', (name) => {
  it('logits, within 1e-4', async () => {
    const { decoder, weights, numbers, examples } = await load(name);
    const expected = await numbers('logits');
    const model = new FrozenModel(executor, decoder, weights);
    const [batch] = layOut(examples, examples.length, 'token', null);
    const logits = await logitsAt(model, batch!);
    const longest = expected.length / examples.length / decoder.vocabSize;
    for (const { example, start, end } of batch!.spans) {
      for (let at = start; at < end; at++) {
        const position = examples[example]!.prompt.length - 1 + at - start;
        for (let token = 0; token < decoder.vocabSize; token++) {
          expect(Math.abs(logits[at * decoder.vocabSize + token]! - expected[(example * longest + position) * decoder.vocabSize + token]!)).toBeLessThan(1e-4);
        }
      }
    }
    await model.release();
  });

  it('loss and gradients, within 1e-4 relative', async () => {
    const { config, weights, reference, numbers, examples } = await load(name);
    if (reference.gradients.length === 0) return; // saved in another way, with the gradients of its twin
    const { student, optimizer } = tinyStudent(executor, config, weights, {
      method: { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1 }, sharedVocabulary: config.vocabSize, chunk: 7,
    });
    let loss = 0;
    for (const batch of layOut(examples, 2, 'token', null)) loss += (await student.learn(batch, null)).loss;
    expect(Math.abs(loss - reference.loss)).toBeLessThan(1e-5 * reference.loss);
    for (const { name: key } of listParameters(config)) {
      const [found, wanted] = [optimizer.gradients(key), await numbers(`gradient.${key}`)];
      const scale = Math.hypot(...wanted);
      expect(Math.hypot(...wanted.map((value, at) => value - found[at]!)), key).toBeLessThanOrEqual(1e-4 * scale + 1e-6);
    }
    await student.release();
  });

  it('greedy text through the cache, token for token', async () => {
    const { config, decoder, weights, reference, examples } = await load(name);
    const writer = await new TextPlan(executor, decoder, weights, { vocabulary: config.vocabSize, maxLength: 32, choice: 'greedy' }).open();
    const completions = await writer.write(examples.map(({ index, prompt }) => ({ id: index, tokens: prompt })),
      { maxNewTokens: reference.greedy[0]!.length, eos: new Set(), sampling: { strategy: 'greedy' } });
    expect(completions.map(({ tokens }) => [...tokens])).toEqual(reference.greedy);
    await writer.release();
  });
});
