import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { executorFor, openWeights, openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { temporaryFolder } from './model-fixtures.ts';

const GGUF = 'test/fixtures/model-gguf/t5';
const ORIGINAL = 'test/fixtures/engine/t5';
const executor = executorFor('cpu');
const temporary = temporaryFolder();
const cases = JSON.parse(readFileSync(join(GGUF, 'reference.json'), 'utf8')) as { text: string; ids: number[] }[];

/** What the model in the file is, but for the distance that GGUF has no word for. */
const inFile = (config: ModelConfig): ModelConfig => ({ ...config, maxDistance: 128 } as ModelConfig);

async function logitsOf(model: FrozenModel): Promise<Float32Array> {
  const example = { index: 0, prompt: Int32Array.of(5, 9, 12, 40, 33, 7, 8, 6, 1), completion: Int32Array.of(30, 7, 41, 8, 22, 19, 1), isOnPolicy: false };
  const [batch] = layOut([example], 1, 'token', model.decoder.encoder);
  const logits = await logitsAt(model, batch!);
  await model.release();
  return logits;
}

const distance = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);

describe.each(['t5', 'flan', 'umt5'])('%s as llama.cpp\'s converter writes it', (name) => {
  it('has the config of the model it was made of', async () => {
    const { config } = await openModel(join(ORIGINAL, name));
    expect((await openModel(join(GGUF, `${name}.gguf`))).config).toEqual(inFile(config));
  });

  it('computes as it lies, and imported, what the model computes', async () => {
    const original = await loadFixture(join(ORIGINAL, name));
    const wanted = await logitsOf(new FrozenModel(executor, buildDecoder(inFile(original.config)), original.weights));
    const file = await openWholeModel(join(GGUF, `${name}.gguf`));
    const { decoder, weights } = await openWeights(file, executor);
    expect(distance(await logitsOf(new FrozenModel(executor, decoder, weights)), wanted)).toBeLessThan(1e-4);
    await importGguf(file.folder.path, temporary.path(name), { precision: 'fp32' });
    const imported = await openWholeModel(temporary.path(name));
    expect(distance(await logitsOf(new FrozenModel(executor, imported.decoder, await readWeights(imported))), wanted)).toBeLessThan(1e-4);
  });

  it('has SentencePiece\'s tokens', async () => {
    const { tokenizer } = await openWholeModel(join(GGUF, `${name}.gguf`));
    for (const { text, ids } of cases) expect([...tokenizer.encode(text, { special: true })], JSON.stringify(text)).toEqual(ids);
  });
});
