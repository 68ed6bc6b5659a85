import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../src-main/model/folder.ts';
import { openGguf } from '../../src-main/model/gguf/gguf-model.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import type { ModelConfig } from '../../src-main/nn/config.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { executorFor, openWeights, openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { makeStudent } from '../../src-main/model/make-student.ts';
import { logitsAt } from '../support/logits.ts';
import { loadFixture } from '../support/model-fixture.ts';
import { TEACHERS } from '../support/teachers.ts';
import { temporaryFolder } from './model-fixtures.ts';
import { readAll } from './read-all.ts';

const GGUF = 'test/fixtures/model-gguf/families';
const PACKED = 'test/fixtures/model-gguf/packed';
const ORIGINAL = 'test/fixtures/engine/families';
const NAMES = readdirSync(GGUF).map((file) => file.replace('.gguf', ''));
const temporary = temporaryFolder();

/** What the scripts that made the files changed in configs, since GGUF has no word for it. */
const CHANGED: Readonly<Record<string, object>> = {
  'gemma2': { queryScalar: 10 }, 'gemma3': { queryScalar: 12, windows: [4, 4, 4] },
  'smollm3-window': { rotates: [true, true, true, false], windows: [null, null, null, null] },
};

function expected(name: string, config: ModelConfig): object {
  return { ...config, ...CHANGED[name] };
}

const executor = executorFor('cpu');

async function logitsOf(model: FrozenModel): Promise<Float32Array> {
  const [batch] = layOut([{ index: 0, prompt: Int32Array.of(5, 9, 12), completion: Int32Array.of(30, 7, 41, 8, 22, 19), isOnPolicy: false }], 1, 'token', null);
  const logits = await logitsAt(model, batch!);
  await model.release();
  return logits;
}

describe.each(NAMES)('%s as llama.cpp\'s converter writes it', (name) => {
  it('has the config of the model it was made of', async () => {
    const { config } = await openModel(join(ORIGINAL, name));
    const found = (await openGguf(join(GGUF, `${name}.gguf`))).config;
    expect(found).toEqual(expected(name, config));
  });

  it.skipIf(TEACHERS.includes(name))('computes as it lies what the model computes', async () => {
    const file = await openWholeModel(join(GGUF, `${name}.gguf`));
    const { decoder, weights } = await openWeights(file, executor);
    const to = temporary.path(`${name} imported`);
    await importGguf(file.folder.path, to, { precision: 'fp32' });
    const imported = await openWholeModel(to);
    const found = await logitsOf(new FrozenModel(executor, decoder, weights));
    const wanted = await logitsOf(new FrozenModel(executor, imported.decoder, await readWeights(imported)));
    expect(Math.max(...wanted.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
  });

  it.skipIf(TEACHERS.includes(name))('has its weights', async () => {
    const to = temporary.path(name);
    await importGguf(join(GGUF, `${name}.gguf`), to, { precision: 'fp32' });
    const imported = await openModel(to);
    imported.checkWeights(listParameters(imported.config));
    const original = await openModel(join(ORIGINAL, name));
    const [found, wanted] = [await readAll(imported), await readAll(original)];
    expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
    for (const [key, values] of Object.entries(found)) {
      // Taking away the one that was added to Gemma's norms leaves its rounding.
      const limit = key.includes('norm') && name.startsWith('gemma') ? 2 ** -22 : 0;
      const most = values.reduce((largest, value, at) => Math.max(largest, Math.abs(value - wanted[key]![at]!)), 0);
      expect(most, key).toBeLessThanOrEqual(limit);
    }
  });
});

describe.each(TEACHERS.filter((name) => NAMES.includes(name)))('%s, which is asked only', (name) => {
  it('computes as it lies what its folder computes', async () => {
    const file = await openWholeModel(join(GGUF, `${name}.gguf`));
    const { decoder, weights } = await openWeights(file, executor);
    const original = await loadFixture(join(ORIGINAL, name));
    const found = await logitsOf(new FrozenModel(executor, decoder, weights));
    const wanted = await logitsOf(new FrozenModel(executor, buildDecoder(original.config), original.weights));
    expect(Math.max(...wanted.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
  });

  it('keeps packed experts packed, and computes with what they stand for', async () => {
    const file = await openWholeModel(join(PACKED, `${name}.gguf`));
    const packed = await openWeights(file, executor);
    const experts = Object.entries(packed.weights).filter(([key]) => key.includes('.experts.') && !key.endsWith('.bias'));
    expect(new Set(experts.map(([, { dtype }]) => dtype))).not.toContain('float32');
    const found = await logitsOf(new FrozenModel(executor, packed.decoder, packed.weights));
    const wanted = await logitsOf(new FrozenModel(executor, file.decoder, await readWeights(file)));
    expect(Math.max(...wanted.map((value, at) => Math.abs(value - found[at]!)))).toBeLessThan(1e-4);
  });

  it('is no folder, no student and no adapter\'s base', async () => {
    const model = await openModel(join(GGUF, `${name}.gguf`));
    await expect(importGguf(model.path, temporary.path('never'), { precision: 'fp32' })).rejects.toThrow(/which Retort asks and does not train/);
    await expect(makeStudent(model, [0], temporary.path('never'))).rejects.toThrow(/no student can be made of its layers/);
    expect(existsSync(temporary.path('never'))).toBe(false);
  });
});
