import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyKth } from '../../src-main/contract/layers.ts';
import { initModel } from '../../src-main/model/init.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { chooseLayers, makeStudent } from '../../src-main/model/make-student.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { readOrigin } from '../../src-main/model/student-origin.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { listTree } from '../../src-main/files/list-tree.ts';
import { clearLeftBehind } from '../../src-main/model/left-behind.ts';
import { publishFolder, publishModel } from '../../src-main/model/write-folder.ts';
import { listParameters } from '../../src-main/nn/build.ts';
import type { LlamaConfig } from '../../src-main/nn/families/llama.ts';
import { fixture, MODELS, temporaryFolder } from './model-fixtures.ts';
import { readAll } from './read-all.ts';

const temporary = temporaryFolder();

async function configOf(folder: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}

describe('writing model folders', () => {
  it.each(MODELS)('%s: the same config, weights and tokenizer come back', async (name) => {
    const folder = await openModel(fixture(name));
    const weights = await readAll(folder);
    const to = temporary.path(`deep/${name}`);
    const tensors = listParameters(folder.config).map((spec) => ({ ...spec, data: weights[spec.name]! }));
    await publishModel(to, { from: folder, tensors, precision: 'fp32' });

    const written = await openModel(to);
    expect(written.config).toEqual(folder.config);
    expect(written.rawConfig).toEqual({ ...folder.rawConfig, dtype: 'float32' });
    expect(await readAll(written)).toEqual(weights);
    expect((await loadTokenizer(to)).encode('The student', { special: true })).toEqual((await loadTokenizer(fixture(name))).encode('The student', { special: true }));
    expect(await readdir(temporary.path('deep'))).not.toContainEqual(expect.stringContaining('tmp'));
  });

  it('says of a student that it was cut, and of none that was written after it', async () => {
    const cut = temporary.path('cut');
    await makeStudent(await openModel(fixture('llama')), [0], cut);
    expect(await readOrigin(cut)).toMatchObject({ madeFrom: fixture('llama'), layers: [0] });
    const [folder, trained] = [await openModel(cut), temporary.path('trained')];
    const weights = await readAll(folder);
    await publishModel(trained, { from: folder, tensors: listParameters(folder.config).map((spec) => ({ ...spec, data: weights[spec.name]! })), precision: 'fp32' });
    expect(await readOrigin(trained)).toBeNull();
  });

  it('never goes over a folder that is there', async () => {
    const to = temporary.path('mine');
    await mkdir(to);
    const folder = await openModel(fixture('gpt2'));
    await expect(publishModel(to, { from: folder, tensors: [], precision: 'fp32' })).rejects.toThrow(`${to} exists already`);
    expect(await readdir(to)).toEqual([]);
  });

  it('makes its own copies writable', async () => {
    const from = temporary.path('read-only');
    await cp(fixture('gpt2'), from, { recursive: true });
    await chmod(join(from, 'tokenizer.json'), 0o444);
    await publishModel(temporary.path('writable'), { from: await openModel(from), tensors: [], precision: 'fp32' });
    expect((await stat(join(temporary.path('writable'), 'tokenizer.json'))).mode & 0o200).toBe(0o200);
  });

  it('says what the operating system refuses', async () => {
    await writeFile(temporary.path('a-file'), '');
    const to = temporary.path('a-file/model');
    await expect(publishFolder(to, () => Promise.resolve())).rejects.toMatchObject({ kind: 'failure', message: expect.stringContaining(`${to} could not be written`) as string });
  });

  it('replaces only what is its own', async () => {
    const to = temporary.path('replaced');
    await mkdir(join(to, 'notes'), { recursive: true });
    for (const file of ['mark.json', 'old.bin', 'notes/mine.txt', 'new.bin']) await writeFile(join(to, file), file);
    const owned = (): Promise<ReadonlySet<string>> => Promise.resolve(new Set(['mark.json', 'old.bin']));
    await publishFolder(to, async (folder) => {
      await mkdir(folder);
      for (const file of ['mark.json', 'new.bin']) await writeFile(join(folder, file), 'new');
    }, { replaces: 'mark.json', owned });
    expect((await listTree(to)).sort()).toEqual(['mark.json', 'new.bin', 'new.bin.before', 'notes/mine.txt']);
    expect(await readFile(join(to, 'notes/mine.txt'), 'utf8')).toBe('notes/mine.txt');
    expect(await readFile(join(to, 'new.bin'), 'utf8')).toBe('new');
  });

  it('clears what a killed program left, and brings back what it had put aside', async () => {
    // No process has this number.
    const dead = 2 ** 31 - 1;
    const [place, aside] = [temporary.path('cut-off'), temporary.path(`.cut-off.old-${dead}`)];
    await mkdir(temporary.path(`.cut-off.tmp-${dead}`), { recursive: true });
    await mkdir(temporary.path(`.cut-off.tmp-${process.pid}`));
    await mkdir(aside);
    await clearLeftBehind(place);
    expect((await readdir(temporary.path('.'))).filter((name) => name.includes('cut-off'))).toEqual([`.cut-off.tmp-${process.pid}`, 'cut-off']);
  });

  it('leaves nothing behind where writing fails', async () => {
    const to = temporary.path('failed');
    const failing = publishFolder(to, async (folder) => {
      await mkdir(folder);
      await writeFile(join(folder, 'half'), '');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    await expect(failing).rejects.toMatchObject({ kind: 'failure', message: `the disk is full: ${to} was not written` });
    expect((await readdir(temporary.path('.'))).filter((name) => name.includes('failed'))).toEqual([]);
  });
});

describe('making a student', () => {
  it('keeps the named layers, renumbered, and everything else', async () => {
    const to = temporary.path('student');
    const teacher = await openModel(fixture('llama'));
    await makeStudent(teacher, [0, 3], to);
    const [whole, student] = [await readAll(teacher), await readAll(await openModel(to))];
    expect(student['model.layers.1.mlp.up_proj.weight']).toEqual(whole['model.layers.3.mlp.up_proj.weight']);
    expect(student['model.layers.0.input_layernorm.weight']).toEqual(whole['model.layers.0.input_layernorm.weight']);
    expect(student['lm_head.weight']).toEqual(whole['lm_head.weight']);
    expect(await configOf(to)).toEqual({ ...teacher.rawConfig, num_hidden_layers: 2 });
    expect(existsSync(join(to, 'tokenizer.json'))).toBe(true);
  });

  it('keeps each layer\'s attention window, the precision and the embeddings\' tie', async () => {
    const to = temporary.path('student-qwen2');
    await makeStudent(await openModel(fixture('qwen2')), [0, 2, 3], to);
    const student = await openModel(to);
    expect(student.config).toMatchObject({ layers: 3, windows: [null, 8, 8], tiedEmbeddings: true });
    expect(student.rawConfig).toMatchObject({ max_window_layers: 1, dtype: 'bfloat16' });
    expect(new Set(student.tensors.map(({ dtype }) => dtype))).toEqual(new Set(['BF16']));
  });

  it('keeps windows whose beginning the config leaves to its family', async () => {
    const teacher = await openModel(fixture('qwen2'));
    const { max_window_layers: _, layer_types: __, ...rawConfig } = teacher.rawConfig;
    // As a model of 30 layers has them, whose windows begin at the 29th.
    const config = { ...teacher.config, layers: 30, windows: Array.from({ length: 30 }, (___, layer) => (layer < 28 ? null : 8)) } as LlamaConfig;
    expect(chooseLayers({ ...rawConfig, num_hidden_layers: 30 }, config, [0, 28, 29])).toMatchObject({ num_hidden_layers: 3, max_window_layers: 1 });
  });

  it('works for GPT-2', async () => {
    const to = temporary.path('student-gpt2');
    await makeStudent(await openModel(fixture('gpt2-old')), [1], to);
    const [whole, student] = [await readAll(await openModel(fixture('gpt2'))), await readAll(await openModel(to))];
    expect(student['transformer.h.0.attn.c_attn.weight']).toEqual(whole['transformer.h.1.attn.c_attn.weight']);
    expect((await openModel(to)).config.layers).toBe(1);
  });

  it('takes about every k-th layer, the first and the last among them', () => {
    for (const k of [2, 3, 4]) expect([everyKth(30, k).length, everyKth(30, k)[0], everyKth(30, k).at(-1)]).toEqual([Math.ceil(30 / k), 0, 29]);
    expect([everyKth(4, 2), everyKth(4, 3), everyKth(3, 1), everyKth(2, 4)]).toEqual([[0, 3], [0, 3], [0, 1, 2], [0]]);
  });

  it.each([
    [[], 'no layers are named'], [[0, 4], 'there is no layer 4 in the teacher'], [[1.5], 'there is no layer 1.5'], [[2, 1], 'the layers 2, 1 are not in ascending order'],
  ])('refuses layers %j', async (layers, message) => {
    await expect(makeStudent(await openModel(fixture('llama')), layers, temporary.path('never'))).rejects.toThrow(message);
    expect(existsSync(temporary.path('never'))).toBe(false);
  });
});

describe('a fresh model', () => {
  const spread = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

  it('begins as Transformers begins, the same for the same seed', async () => {
    const settings = { config: fixture('gpt2'), tokenizer: fixture('gpt2'), seed: 5 };
    await initModel({ ...settings, to: temporary.path('fresh') });
    await initModel({ ...settings, to: temporary.path('fresh-again') });
    await initModel({ ...settings, to: temporary.path('fresh-other'), seed: 6 });
    const [fresh, again, other] = await Promise.all(['fresh', 'fresh-again', 'fresh-other'].map(async (name) => readAll(await openModel(temporary.path(name)))));
    expect(fresh).toEqual(again);
    expect(fresh!['transformer.wte.weight']).not.toEqual(other!['transformer.wte.weight']);
    expect(spread(fresh!['transformer.wte.weight']!)).toBeCloseTo(0.02, 3);
    expect(spread(fresh!['transformer.h.1.mlp.c_proj.weight']!)).toBeCloseTo(0.01, 3);
    expect(new Set(fresh!['transformer.h.0.ln_1.weight'])).toEqual(new Set([1]));
    expect(new Set(fresh!['transformer.h.0.attn.c_attn.bias'])).toEqual(new Set([0]));
  });

  it('takes its config from a file and the ids of special tokens from the tokenizer', async () => {
    const to = temporary.path('fresh-llama');
    await initModel({ config: join(fixture('llama'), 'config.json'), tokenizer: join(fixture('qwen2'), 'tokenizer.json'), to, seed: 0 });
    expect(await configOf(to)).toMatchObject({ eos_token_id: [332, 330], pad_token_id: 330, vocab_size: 400 });
    expect(spread((await readAll(await openModel(to)))['lm_head.weight']!)).toBeCloseTo(0.02, 3);
  });

  it('refuses a vocabulary smaller than the tokenizer\'s', async () => {
    const settings = { config: fixture('gpt2'), tokenizer: fixture('llama'), to: temporary.path('never'), seed: 0 };
    await expect(initModel(settings)).rejects.toThrow(/vocab_size is 331, but the tokenizer has \d+ tokens/);
  });

  it('says that the tokenizer is missing, whatever stands beside it', async () => {
    const tokenizer = join(fixture('gpt2'), 'nothing-there');
    await expect(initModel({ config: fixture('gpt2'), tokenizer, to: temporary.path('never'), seed: 0 })).rejects.toThrow(`there is no tokenizer ${tokenizer}`);
  });

  it('says that the config is missing', async () => {
    const config = temporary.path('none.json');
    await expect(initModel({ config, tokenizer: fixture('gpt2'), to: temporary.path('never'), seed: 0 })).rejects.toThrow(`there is no config ${config}`);
  });
});

describe('describing a model', () => {
  const sizeOfShards = async (folder: string): Promise<number> => {
    const shards = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
    return (await Promise.all(shards.map(async (name) => (await stat(join(folder, name))).size))).reduce((a, b) => a + b);
  };

  it('counts its parameters and names its tokens', async () => {
    expect(await describeModel(fixture('qwen2'))).toMatchObject({
      family: 'qwen2', layers: 4, layerParameters: 16 * 16 * 2 + 8 * 16 * 2 + 32 + 3 * 16 * 24 + 32, parameters: 352 * 16 + 4 * (16 * 16 * 2 + 8 * 16 * 2 + 32 + 3 * 16 * 24 + 32) + 16, precision: 'bf16',
      weightBytes: await sizeOfShards(fixture('qwen2')), tokenizer: { kind: 'byte-level BPE', tokens: 333, bos: null, eos: [{ id: 332, text: '<|im_end|>' }, { id: 330, text: '<|endoftext|>' }], pad: { id: 330 } }, hasChatTemplate: true,
    });
  });
});
