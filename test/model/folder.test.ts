import { cp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../src-main/model/folder.ts';
import type { ModelFiles, WeightSpec } from '../../src-main/model/model-files.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { writeSafetensors } from '../../src-main/model/safetensors-write.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import { fixture, MODELS, reference, temporaryFolder } from './model-fixtures.ts';
import { readAll } from './read-all.ts';

const temporary = temporaryFolder();

async function copyOf(name: string, as: string): Promise<string> {
  await cp(fixture(name), temporary.path(as), { recursive: true });
  return temporary.path(as);
}

/** A copy of the fixture `name` with `more` tensors beside those that `keep` lets pass. */
async function rewritten(name: string, as: string, keep: (name: string) => boolean, more: (WeightSpec & { data: Float32Array })[]): Promise<string> {
  const folder = await copyOf(name, as);
  const file = await SafetensorsFile.open(join(fixture(name), 'model.safetensors'));
  await rm(join(folder, 'model.safetensors'));
  const kept = file.tensors.filter((tensor) => keep(tensor.name)).map((tensor) => ({ ...tensor, data: file.pieces(tensor.name) }));
  await writeSafetensors(join(folder, 'model.safetensors'), [...kept, ...more], 'F16');
  return folder;
}

function expected(folder: ModelFiles): WeightSpec[] {
  return listParameters(folder.config);
}

describe('reading model folders', () => {
  it.each(MODELS)('%s: every weight as Transformers reads it', async (name) => {
    const folder = await openModel(fixture(name));
    const weights = await readAll(folder);
    expect(Object.keys(weights).sort()).toEqual(Object.keys(reference[name].tensors).sort());
    for (const [tensor, { shape, sum, last }] of Object.entries(reference[name].tensors)) {
      expect(expected(folder).find((spec) => spec.name === tensor)?.shape).toEqual(shape);
      expect(weights[tensor]!.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 9);
      expect(weights[tensor]!.at(-1)).toBe(last);
    }
  });

  it('reads GPT-2 as it was first published', async () => {
    const folder = await openModel(fixture('gpt2-old'));
    expect(await readAll(folder)).toEqual(await readAll(await openModel(fixture('gpt2'))));
  });

  it('takes tied weights from wherever they stand', async () => {
    const whole = await readAll(await openModel(fixture('gpt2')));
    const data = whole['transformer.wte.weight']!;
    const output = { name: 'lm_head.weight', shape: [331, 16], data };
    const twice = await rewritten('gpt2', 'tied-twice', () => true, [output]);
    expect(await readAll(await openModel(twice))).toEqual(whole);
    const outputOnly = await rewritten('gpt2', 'tied-output', (name) => !name.endsWith('wte.weight'), [output]);
    expect(await readAll(await openModel(outputOnly))).toEqual(whole);
  });

  it('refuses tied weights that differ', async () => {
    const data = new Float32Array(331 * 16);
    const folder = await rewritten('gpt2', 'tied-apart', () => true, [{ name: 'lm_head.weight', shape: [331, 16], data }]);
    await expect(openModel(folder)).rejects.toThrow('lm_head.weight differs from transformer.wte.weight, although the config ties them');
  });
});

describe('bad folders', () => {
  it('a path that is not there', async () => {
    await expect(openModel(temporary.path('nowhere'))).rejects.toThrow(`there is no model folder ${temporary.path('nowhere')}`);
  });

  it('a file', async () => {
    await writeFile(temporary.path('model.bin'), 'PK\u0003\u0004');
    await expect(openModel(temporary.path('model.bin'))).rejects.toThrow(`${temporary.path('model.bin')} is a file, and neither a model folder nor a GGUF file`);
  });

  it('no config.json', async () => {
    await mkdir(temporary.path('empty'));
    await expect(openModel(temporary.path('empty'))).rejects.toThrow(`${temporary.path('empty')} has no config.json`);
  });

  it('a config.json that is not JSON', async () => {
    const folder = await copyOf('llama', 'broken-config');
    const written: [text: string, reason: string][] = [
      ['{\n  "model_type": "llama",\n  "vocab_size": ,\n  "hidden_size": 4\n}', "Unexpected token ',' in line 3"],
      ['{\n  "model_type": "llama"\n  "vocab_size": 4\n}', "Expected ',' or '}' after property value in line 3"],
      ['{\n  "model_type": "llama,\n  "vocab_size": 4\n}', 'Bad control character in string literal in line 2'],
      ['{\n  "model_type": "llama",\n  "tie_word', 'Unterminated string in line 3'],
      ['{\n  "model_type": "llama",', 'Expected double-quoted property name in line 2'],
      ['{\n}\n}', 'Unexpected non-whitespace character after JSON in line 3'],
      ['', 'Unexpected end of JSON input in line 1'],
    ];
    for (const [text, reason] of written) {
      await writeFile(join(folder, 'config.json'), text);
      await expect(openModel(folder)).rejects.toThrow(expect.objectContaining({ message: `${join(folder, 'config.json')} is not JSON: ${reason}` }));
    }
  });

  it('an architecture that is not supported', async () => {
    const folder = await copyOf('llama', 'mamba');
    await writeFile(join(folder, 'config.json'), '{ "model_type": "mamba" }');
    await expect(openModel(folder)).rejects.toThrow('config.json: model_type "mamba" is not supported');
  });

  it('no weights', async () => {
    const folder = await copyOf('llama', 'no-weights');
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'pytorch_model.bin'), '');
    await expect(openModel(folder)).rejects.toMatchObject({
      message: `${folder} has neither model.safetensors nor model.safetensors.index.json`, hint: expect.stringContaining('pytorch_model.bin') as string,
    });
  });

  it('weights that are cut off', async () => {
    const folder = await copyOf('llama', 'truncated');
    await truncate(join(folder, 'model.safetensors'), 50_000);
    await expect(openModel(folder)).rejects.toThrow('model.safetensors is damaged: it is cut off');
  });

  it('a missing shard', async () => {
    const folder = await copyOf('qwen2', 'shard-missing');
    await rm(join(folder, 'model-00002-of-00003.safetensors'));
    await expect(openModel(folder)).rejects.toThrow(`${folder} lacks model-00002-of-00003.safetensors, named by model.safetensors.index.json`);
  });

  it('a shard that leaves the folder', async () => {
    const folder = await copyOf('qwen2', 'shard-outside');
    await writeFile(join(folder, 'model.safetensors.index.json'), '{ "weight_map": { "x": "../x.safetensors" } }');
    await expect(openModel(folder)).rejects.toThrow('model.safetensors.index.json is damaged');
  });

  it('a shard without the tensor that the index promises', async () => {
    const folder = await copyOf('qwen2', 'shard-wrong');
    const index = join(folder, 'model.safetensors.index.json');
    await writeFile(index, (await readFile(index, 'utf8')).replace('"model.norm.weight"', '"model.other.weight"'));
    await expect(openModel(folder)).rejects.toThrow('lacks the tensor model.other.weight, which model.safetensors.index.json says it holds');
  });

  it('weights that are missing, not expected, or of another shape, all in one message', async () => {
    const strange = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name: `transformer.${name}`, shape: [1], data: new Float32Array(1) }));
    const path = await rewritten('gpt2', 'misfits', (name) => name !== 'transformer.ln_f.bias', strange);
    const folder = await openModel(path);
    const specs = expected(folder).map((spec) => (spec.name === 'transformer.wpe.weight' ? { ...spec, shape: [33, 16] } : spec));
    await expect(folder.readWeights(() => { throw new Error('must not be asked for memory'); }, specs)).rejects.toThrow(
      `the weights in ${path} do not fit its config.json: missing: transformer.ln_f.bias; `
      + 'not expected: transformer.a, transformer.b, transformer.c, transformer.d, transformer.e and 1 more; '
      + 'wrong: transformer.wpe.weight has shape [32, 16] instead of [33, 16]');
  });

  it('a format that cannot be read', async () => {
    const folder = await copyOf('llama', 'float8');
    const weights = join(folder, 'model.safetensors');
    await cp(join(import.meta.dirname, '../fixtures/model-formats/f8.safetensors'), weights);
    await expect(openModel(folder)).rejects.toThrow(`${weights}: the tensor matrix is stored as F8_E4M3; Retort reads F32, F16, BF16`);
  });
});
