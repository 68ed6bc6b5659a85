import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planExport } from '../../../src-main/export/gguf/plan-export.ts';
import type { JsonObject } from '../../../src-main/files/json-object.ts';
import { GgufFile } from '../../../src-main/model/gguf/gguf-file.ts';
import { readConfig } from '../../../src-main/model/config/read-config.ts';
import { readHeader } from '../../../src-main/model/gguf/header.ts';
import { ON_DISK } from '../../../src-main/files/byte-source.ts';
import { exported } from '../../support/exported.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';

const temporary = temporaryFolder();
const SMALL = { vocab_size: 61, hidden_size: 64, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64, hidden_act: 'silu', rope_theta: 10_000 };
const GEMMA = { head_dim: 16, query_pre_attn_scalar: 16, hidden_activation: 'gelu_pytorch_tanh', sliding_window: 64, tie_word_embeddings: true };
/** What each needs on top of it, for llama.cpp to compute it. */
const FAMILIES: Readonly<Record<string, JsonObject>> = {
  llama: {}, mistral: { sliding_window: null }, qwen2: {}, qwen3: { head_dim: 16 }, gemma2: GEMMA, gemma3_text: { ...GEMMA, rope_local_base_freq: 10_000, num_hidden_layers: 6 },
  smollm3: { tie_word_embeddings: false }, granite: {}, olmo2: {}, olmo3: { sliding_window: 64, num_hidden_layers: 4, rope_theta: 500_000 }, glm4: { head_dim: 16, partial_rotary_factor: 0.5, attention_bias: false },
  stablelm: { partial_rotary_factor: 0.5 }, gpt_neox: { hidden_act: 'gelu', num_key_value_heads: null, rotary_pct: 0.5 },
};
const LLAMA3 = { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 } };
const YARN = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 };

const planned = (type: string, change: JsonObject): Promise<string> => planExport('m', readConfig('m/config.json', { model_type: type, ...SMALL, ...FAMILIES[type], ...change }))
  .then(() => 'written', (error: unknown) => (error as Error).message);

/** As llama.cpp (by node-llama-cpp 3.22.1) opens, or does not open, files of models that differ in one thing; what it opens has Transformers' logits there. */
describe('what llama.cpp has a place for', () => {
  const all = Object.keys(FAMILIES);

  it.each(all)('%s as it is published', async (type) => expect(await planned(type, {})).toBe('written'));

  it('factors of Llama 3', async () => {
    const opened = ['llama', 'mistral', 'granite'];
    for (const type of all) {
      const said = await planned(type, LLAMA3);
      if (opened.includes(type)) expect(said, type).toBe('written');
      else expect(said, type).toMatch(/rotary embedding is stretched as Llama 3's|has rope .*llama\.cpp would compute another model/);
    }
  });

  it('an output layer of its own, or none', async () => {
    const demanded = ['olmo2', 'olmo3', 'stablelm', 'gpt_neox'];
    for (const type of all) {
      expect(await planned(type, { tie_word_embeddings: true }), type).toEqual(demanded.includes(type) ? expect.stringContaining(`${type} whose output layer is its embedding`) : 'written');
      expect(await planned(type, { tie_word_embeddings: false }), type).toEqual(type === 'gemma2' ? expect.stringContaining('gemma2 with an output layer of its own') : 'written');
    }
  });

  it('biases', async () => {
    for (const type of ['llama', 'granite', 'glm4']) expect(await planned(type, { attention_bias: true }), type).toBe('written');
    for (const type of ['qwen3', 'smollm3', 'olmo2', 'olmo3']) expect(await planned(type, { attention_bias: true }), type).toContain(`${type} with biases in its attention`);
    expect(await planned('gpt_neox', { attention_bias: false })).toContain('gpt_neox without biases in its attention');
    expect([await planned('llama', { mlp_bias: true }), await planned('granite', { mlp_bias: true })]).toEqual(['written', 'written']);
    expect(await planned('smollm3', { mlp_bias: true })).toContain('smollm3 with biases in its feed-forward');
  });

  it('heads that together are wider than the model', async () => {
    for (const type of ['llama', 'mistral', 'qwen3', 'smollm3', 'granite', 'glm4']) expect(await planned(type, { head_dim: 20 }), type).toBe('written');
    for (const type of ['qwen2', 'olmo2', 'olmo3']) expect(await planned(type, { head_dim: 20 }), type).toContain(`${type} whose 4 heads of 20 are not as wide as its 64`);
  });

  it('of YaRN only the sharpness that it works out itself', async () => {
    for (const type of ['llama', 'qwen2', 'qwen3', 'gemma2', 'smollm3', 'granite', 'olmo2', 'olmo3', 'glm4']) {
      expect(await planned(type, { rope_scaling: YARN }), type).toBe('written');
      expect(await planned(type, { rope_scaling: { ...YARN, attention_factor: 0.1 * Math.log(4) + 1 } }), type).toBe('written');
      expect(await planned(type, { rope_scaling: { ...YARN, attention_factor: 1.3 } }), type).toContain(`${type} with the attention_factor 1.3: it takes 1.1386 for the factor 4`);
    }
  });

  it('layers with a window that rotate as it has them', async () => {
    const byKind = (windowed: JsonObject): JsonObject => ({ rope_theta: null, rope_parameters: { full_attention: { rope_type: 'default', rope_theta: 10_000 }, sliding_attention: windowed } });
    const scaled = { rope_type: 'linear', rope_theta: 10_000, factor: 8 };
    for (const type of ['gemma3_text', 'olmo3']) {
      expect(await planned(type, byKind({ rope_type: 'default', rope_theta: 10_000 })), type).toBe('written');
      expect(await planned(type, byKind(scaled)), type).toContain('has windowRope');
    }
    expect(await planned('gemma3_text', byKind({ rope_type: 'default', rope_theta: 100 }))).toBe('written');
    expect(await planned('olmo3', byKind({ rope_type: 'default', rope_theta: 100 }))).toContain('olmo3 with the rope_theta 100 in layers with a window and 10000 in others');
  });
});

it('says where llama.cpp leaves windows out, of Phi-3 too, whose window it reads', async () => {
  const notesOf = async (type: string, change: JsonObject): Promise<readonly string[]> => (await planExport('m', readConfig('m/config.json', { model_type: type, ...SMALL, ...FAMILIES[type], ...change }))).notes;
  for (const type of ['mistral', 'phi3']) {
    expect(await notesOf(type, { sliding_window: 5 }), type).toEqual([expect.stringContaining('texts of more than 5 tokens come out otherwise there')]);
    expect(await notesOf(type, { sliding_window: 64 }), type).toEqual([]);
  }
  expect(await notesOf('gemma2', { sliding_window: 5 })).toEqual([]);
});

it('does not call a file as llama.cpp knows Phi-3 by, whose tokens this one does not have', async () => {
  const to = temporary.path('My-Phi-3-student');
  await exported('resources/sample/student', to, [], { parts: [{ format: 'gguf', types: ['q8_0'], imatrix: false }], peers: temporary.path('nowhere') });
  const path = join(to, 'My-Phi-3-student-Q8_0.gguf');
  const file = await ON_DISK.open(path);
  try {
    expect((await readHeader(path, file)).metadata.get('general.name')).toBe('My-Phi 3-student');
  } finally {
    await file.close();
  }
  expect((await GgufFile.open(path)).tensorNames).toContain('token_embd.weight');
  expect(await readFile(join(to, 'Modelfile'), 'utf8')).toContain('My-Phi-3-student-Q8_0.gguf');
});
