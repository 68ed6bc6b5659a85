import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdaptedModel } from '../../src-main/model/adapter/adapted-model.ts';
import { mergeAdapter } from '../../src-main/model/adapter/merge.ts';
import { writeAdapter } from '../../src-main/model/adapter/write-adapter.ts';
import type { ModelFiles } from '../../src-main/model/model-files.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { chooseAdapters } from '../../src-main/nn/adapters/choose.ts';
import { initializeAdapters } from '../../src-main/nn/adapters/initialize.ts';
import { adapterParameters } from '../../src-main/nn/weights/adapted.ts';
import { tinyGpt2, tinyLlama } from '../support/tiny-models.ts';
import { tensorsOf } from '../support/tensors.ts';

const FIXTURES = 'test/fixtures/engine/adapters';
let work: string;
beforeAll(async () => { work = await mkdtemp(join(tmpdir(), 'retort-adapter-')); });
afterAll(() => rm(work, { recursive: true }));

const NAMES = ['qwen3', 'llama-patterns', 'llama-head', 'gpt2', 'flan'];

async function open(path: string): Promise<AdaptedModel> {
  const model = await openModel(path);
  expect(model).toBeInstanceOf(AdaptedModel);
  return model as AdaptedModel;
}

async function numbers(model: ModelFiles, weight: string): Promise<number[]> {
  const found: number[] = [];
  for await (const piece of model.pieces(weight)) found.push(...piece);
  return found;
}

describe.each(NAMES)('%s', (name) => {
  it('is read with the adapter in its weights as PEFT merges them', async () => {
    const model = await open(join(FIXTURES, name));
    const wanted = await tensorsOf(join(FIXTURES, name, 'reference.safetensors'));
    for (const { matrix } of model.adapter.adapters.values()) {
      const found = await numbers(model, matrix.name);
      const merged = wanted(`merged.${matrix.name}`);
      expect(found).toHaveLength(merged.length);
      merged.forEach((value, at) => expect(Math.abs(value - found[at]!)).toBeLessThan(1e-6));
    }
  });

  it('is merged into a folder that anything reads', async () => {
    const to = join(work, name);
    expect(await mergeAdapter(join(FIXTURES, name), to)).toBe('fp32');
    const [merged, model] = [await openModel(to), await open(join(FIXTURES, name))];
    expect(merged.config).toEqual(model.config);
    for (const { name: weight } of model.tensors) expect(await numbers(merged, weight)).toEqual(await numbers(model, weight));
    await expect(mergeAdapter(join(FIXTURES, name), to)).rejects.toMatchObject({ message: expect.stringContaining('exists already') as string });
  });

  it('is written again as PEFT reads it: the same tensors, the same settings', async () => {
    const model = await open(join(FIXTURES, name));
    const weights = await model.read();
    const to = join(work, `${name}-again`);
    await writeAdapter(to, { base: model.base, adapters: model.adapter.adapters, dropout: 0, from: model.adapter.config.raw, weights: (parameter) => weights[parameter]!.data as Float32Array });
    const again = await open(to);
    expect([...again.adapter.adapters]).toEqual([...model.adapter.adapters]);
    expect(await again.read()).toEqual(weights);
    const config = async (folder: string): Promise<object> => JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
    expect(await config(to)).toEqual({ ...await config(join(FIXTURES, name)), base_model_name_or_path: resolve(model.base.path) });
  });
});

it.each([
  [{ peft_type: 'LOHA' }, 'peft_type is "LOHA": it is no LoRA adapter'],
  [{ use_dora: true }, '(DoRA)'],
  [{ modules_to_save: ['lm_head'] }, 'modules_to_save is ["lm_head"]: it brings whole modules of its own'],
  [{ bias: 'all' }, 'bias is "all"'],
  [{ init_lora_weights: 'pissa_niter_4' }, 'init_lora_weights is "pissa_niter_4"'],
  [{ r: 5 }, 'of shape [4, 36], and [5, 36] fits'],
  [{ rank_pattern: { '(': 2 } }, 'the pattern "(" cannot be read'],
  [{ alpha_pattern: { '((\\w+\\.?)+)+-': 2 } }, 'took longer than 2 seconds on the name model.layers.0'],
  [{ base_model_name_or_path: null }, 'names no base model'],
])('%j is refused by name', async (change, message) => {
  const folder = await mkdtemp(join(work, 'refused-'));
  await cp(join(FIXTURES, 'qwen3'), folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: resolve('test/fixtures/engine/models/qwen3'), ...change }));
  await expect(openModel(folder)).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining(message) as string });
});

it('an adapter of another base model is refused by what does not fit', async () => {
  const folder = join(work, 'other-base');
  await cp(join(FIXTURES, 'qwen3'), folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: resolve('test/fixtures/engine/models/gpt2') }));
  await expect(openModel(folder)).rejects.toMatchObject({ message: expect.stringContaining('is no matrix of the base model') as string });
});

it('an adapter of the embedding is refused as what it is, and not as one of another model', async () => {
  const folder = join(work, 'embedding');
  await cp(join(FIXTURES, 'qwen3'), folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: resolve('test/fixtures/engine/models/qwen3') }));
  const path = join(folder, 'adapter_model.safetensors');
  const file = await readFile(path);
  const length = Number(file.readBigUInt64LE(0));
  const tensors = JSON.parse(file.toString('utf8', 8, 8 + length)) as object;
  // As PEFT names it, in the place of a longer name.
  const header = JSON.stringify(Object.fromEntries(Object.entries(tensors).map(([name, info]: [string, unknown], at) => (
    [at === 1 ? 'base_model.model.model.embed_tokens.lora_embedding_A' : name, info]))));
  file.fill(' ', 8, 8 + length);
  file.write(header, 8);
  await writeFile(path, file);
  await expect(openModel(folder)).rejects.toMatchObject({
    kind: 'input', message: expect.stringContaining('has an adapter for the rows of model.embed_tokens, which Retort does not support') as string, hint: expect.stringContaining('merge_and_unload') as string,
  });
});

describe('an output layer that PEFT saved beside its adapter', () => {
  const NAME = 'base_model.model.lm_head.base_layer.weight';
  /** The adapter with one number of that layer changed. */
  async function withChange(change: (value: number) => number): Promise<string> {
    const folder = await mkdtemp(join(work, 'brought-'));
    await cp(join(FIXTURES, 'llama-head'), folder, { recursive: true });
    const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as object;
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: resolve('test/fixtures/engine/models/llama') }));
    const path = join(folder, 'adapter_model.safetensors');
    const file = await readFile(path);
    const length = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: [number, number] }>;
    const at = 8 + length + header[NAME]!.data_offsets[1] - 4;
    file.writeFloatLE(change(file.readFloatLE(at)), at);
    await writeFile(path, file);
    return folder;
  }

  it('may be rounded to half precision', async () => {
    await open(await withChange((value) => value * (1 + 2 ** -9)));
  });

  it('is refused where it is another than the base model\'s, which PEFT would replace', async () => {
    await expect(openModel(await withChange((value) => value + 1))).rejects.toMatchObject({ kind: 'input', message: expect.stringContaining('brings lm_head.weight with it, and it is another than that of') as string });
  });
});

describe('the tokenizer of an adapter', () => {
  const text = async (path: string, name: string): Promise<string | null> => {
    const bytes = await (await open(path)).companions.bytes(name);
    return bytes && new TextDecoder().decode(bytes);
  };
  /** An adapter beside a base model, each with these files. */
  async function beside(own: Record<string, string>, base: Record<string, string>): Promise<string> {
    const folder = await mkdtemp(join(work, 'tokenizer-'));
    await cp('test/fixtures/engine/models/qwen3', join(folder, 'base'), { recursive: true });
    await cp(join(FIXTURES, 'qwen3'), join(folder, 'adapter'), { recursive: true });
    const config = JSON.parse(await readFile(join(folder, 'adapter/adapter_config.json'), 'utf8')) as object;
    await writeFile(join(folder, 'adapter/adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: '../base' }));
    for (const [name, content] of Object.entries(own)) await writeFile(join(folder, 'adapter', name), content);
    for (const [name, content] of Object.entries(base)) await writeFile(join(folder, 'base', name), content);
    return join(folder, 'adapter');
  }

  it('is all its own where it was saved with one: nothing of the base model\'s gets between', async () => {
    const path = await beside({ 'tokenizer.json': '{}', 'tokenizer_config.json': '{"chat_template": "own"}' }, { 'chat_template.jinja': 'base', 'special_tokens_map.json': '{}', 'generation_config.json': '{"top_k": 7}' });
    expect(await text(path, 'chat_template.jinja')).toBeNull();
    expect(await text(path, 'special_tokens_map.json')).toBeNull();
    expect(await text(path, 'tokenizer_config.json')).toContain('own');
    expect(await text(path, 'generation_config.json')).toContain('7');
  });

  it('is the base model\'s otherwise, with the chat template that the adapter may have', async () => {
    const path = await beside({ 'chat_template.jinja': 'own' }, { 'chat_template.jinja': 'base', 'tokenizer.json': '{"base": 1}' });
    expect(await text(path, 'chat_template.jinja')).toBe('own');
    expect(await text(path, 'tokenizer.json')).toContain('base');
  });
});

describe('fresh adapters', () => {
  const settings = { rank: 4, alpha: 8, targets: 'all-linear' as const, dropout: 0 };

  it('begin as PEFT\'s: A evenly within 1 / sqrt(inputs), B zero, by the seed', () => {
    const adapters = chooseAdapters(tinyLlama(), settings);
    const drawn = (seed: number): Record<string, Float32Array> => {
      const memory = Object.fromEntries(adapterParameters(adapters).map(({ name, shape }) => [name, new Float32Array(shape[0]! * shape[1]!).fill(9)]));
      initializeAdapters(adapters, seed, (name) => memory[name]!);
      return memory;
    };
    const [first, again, other] = [drawn(1), drawn(1), drawn(2)];
    expect(again).toEqual(first);
    const all: number[] = [];
    for (const { name, shape } of adapterParameters(adapters)) {
      if (name.endsWith('lora_B.weight')) expect(first[name]!.every((value) => value === 0)).toBe(true);
      else {
        expect(first[name]).not.toEqual(other[name]);
        all.push(...first[name]!.map((value) => value * Math.sqrt(shape[1]!)));
      }
    }
    expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(1);
    // Mean 0 and variance 1/3 of an even distribution, within five standard errors.
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const variance = all.reduce((sum, value) => sum + value * value, 0) / all.length;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(1 / 3 / all.length));
    expect(Math.abs(variance - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / all.length));
  });

  it('stand beside every matrix but the output layer, or beside those whose names end as asked', () => {
    const modules = (targets: string[] | 'all-linear', config = tinyLlama()): string[] => [...chooseAdapters(config, { ...settings, targets }).values()].map(({ module }) => module);
    expect(modules('all-linear')).toHaveLength(14);
    expect(modules('all-linear', tinyLlama({ tiedEmbeddings: false }))).not.toContain('lm_head');
    expect(modules(['lm_head'], tinyLlama({ tiedEmbeddings: false }))).toEqual(['lm_head']);
    expect(modules(['q_proj', 'layers.1.mlp.up_proj'])).toEqual(['model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj', 'model.layers.1.mlp.up_proj']);
    expect(modules(['c_attn'], tinyGpt2() as never)).toEqual(['transformer.h.0.attn.c_attn', 'transformer.h.1.attn.c_attn']);
    expect(() => modules(['proj'])).toThrow(/names proj, and no matrix/);
    expect(() => modules(['lm_head'])).toThrow(/names lm_head/);
  });
});
