import { spawnSync } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mlxConfig } from '../../src-main/export/mlx/mlx-config.ts';
import { isJsonObject, type JsonObject } from '../../src-main/files/json-object.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import { spellConfig } from '../../src-main/model/config/spell.ts';
import { openModel } from '../../src-main/model/folder.ts';
import { exported } from '../support/exported.ts';
import { mlxPython, requires } from '../support/requires.ts';
import { tensorsOf } from '../support/tensors.ts';
import { temporaryFolder } from '../model/model-fixtures.ts';

const temporary = temporaryFolder();
const SMALL = { vocab_size: 61, hidden_size: 64, intermediate_size: 48, num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64 };
const GEMMA = { head_dim: 16, hidden_activation: 'gelu_pytorch_tanh', tie_word_embeddings: true };

function said(type: string, change: JsonObject): JsonObject & { notes: readonly string[] } {
  const raw = { model_type: type, ...SMALL, ...(type.startsWith('gemma') && GEMMA), ...change };
  const { config, notes } = mlxConfig(readConfig('m/config.json', raw), raw);
  return { ...config, notes };
}
const refusal = (type: string, change: JsonObject): string => {
  try {
    said(type, change);
    return 'written';
  } catch (error) {
    return (error as Error).message;
  }
};

it('says what Transformers 5 keeps in rope_parameters, and what classes assume, where mlx-lm reads it', () => {
  const llama3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };
  expect(said('llama', { rope_parameters: { ...llama3, rope_theta: 500_000 } })).toMatchObject({ rope_theta: 500_000, rope_scaling: llama3, tie_word_embeddings: false, rms_norm_eps: 1e-6, head_dim: 16, notes: [] });
  expect(said('granite', { rope_parameters: { rope_type: 'default', rope_theta: 200 } })).toMatchObject({ rope_theta: 200, attention_bias: false, mlp_bias: false, logits_scaling: 1, embedding_multiplier: 1 });
  expect(said('glm4', { head_dim: 16, rope_parameters: { rope_type: 'default', rope_theta: 200, partial_rotary_factor: 0.25 } })).toMatchObject({ rope_theta: 200, partial_rotary_factor: 0.25, attention_bias: true });
  expect(said('gemma3_text', { sliding_window: 5, num_hidden_layers: 6, rope_parameters: { full_attention: { rope_type: 'linear', factor: 8, rope_theta: 5000 }, sliding_attention: { rope_type: 'default', rope_theta: 100 } } }))
    .toMatchObject({ rope_theta: 5000, rope_local_base_freq: 100, rope_scaling: { rope_type: 'linear', factor: 8 }, sliding_window_pattern: 6, sliding_window: 5, notes: [] });
});

it('says of windows that mlx-lm leaves them out', () => {
  const note = 'Some of its layers see only the last 5 tokens, and mlx-lm lets them see all: texts of more than 5 tokens come out otherwise there.';
  for (const type of ['mistral', 'phi3', 'gemma2']) expect(said(type, { sliding_window: 5 }).notes, type).toEqual([note]);
  expect(said('mistral', { sliding_window: 64 }).notes).toEqual([]);
  expect(said('mistral', { sliding_window: 5 })).not.toHaveProperty('layer_types');
  expect(said('smollm3', { use_sliding_window: true, sliding_window: 5 })).toMatchObject({ sliding_window: 5, layer_types: expect.arrayContaining(['full_attention', 'sliding_attention']) as string[], notes: [] });
});

it('refuses by name what mlx-lm computes otherwise or does not open', () => {
  const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 };
  const factors = Array.from({ length: 8 }, () => 2);
  const cases: [type: string, change: JsonObject, message: string][] = [
    ['llama', { hidden_act: 'gelu' }, 'llama with the activation gelu: it has silu'],
    ['gemma2', { hidden_activation: 'gelu' }, 'gemma2 with the activation gelu: it has gelu_tanh'],
    ['qwen2', { head_dim: 20 }, 'qwen2 whose 4 heads of 20 are not as wide as its 64'],
    ['granite', { head_dim: 20 }, 'granite whose 4 heads of 20'],
    ['qwen3', { attention_bias: true, head_dim: 16 }, 'qwen3 with biases in its attention'],
    ['gemma2', { attn_logit_softcapping: null }, 'gemma2 without caps on scores and logits'],
    ['gemma2', { tie_word_embeddings: false }, 'gemma2 with an output layer of its own'],
    ['gemma2', { rope_scaling: { rope_type: 'linear', factor: 2 } }, 'stretched as linear says'],
    ['gemma3_text', { final_logit_softcapping: 2 }, 'gemma3_text with a cap on its logits'],
    ['gemma3_text', {}, 'gemma3_text whose layers without a window are not every so many'],
    ['glm4', { tie_word_embeddings: true, head_dim: 16 }, 'glm4 whose output layer is its embedding'],
    ['stablelm', { tie_word_embeddings: true }, 'stablelm whose output layer is its embedding'],
    ['olmo3', { rope_parameters: { full_attention: { rope_type: 'default', rope_theta: 100 }, sliding_attention: { rope_type: 'default', rope_theta: 200 } } }, 'olmo3 whose layers with a window rotate otherwise'],
    ['phi3', { rope_scaling: { rope_type: 'longrope', short_factor: factors, long_factor: factors }, original_max_position_embeddings: 16 }, 'phi3 with a rotary embedding that is stretched as longrope says'],
    ['llama', { rope_scaling: { ...yarn, attention_factor: 1.3 } }, 'llama with the attention_factor 1.3: it takes 1.1386 for the factor 4'],
    ['llama', { rope_scaling: { ...yarn, truncate: false } }, 'llama with a rotary embedding of the type yarn and without truncate'],
    ['lfm2', { layer_types: ['conv', 'full_attention', 'conv', 'conv'] }, 'mlx-lm opens no lfm2'],
  ];
  for (const [type, change, message] of cases) expect(refusal(type, change), `${type} ${JSON.stringify(change)}`).toContain(message);
});

it('refuses before anything is computed', async () => {
  const to = temporary.path('refused');
  const model = temporary.path('relu');
  await cp('resources/sample/student', model, { recursive: true });
  const raw = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as JsonObject;
  await writeFile(join(model, 'config.json'), JSON.stringify({ ...raw, hidden_act: 'relu' }));
  await expect(exported(model, to, [], { parts: [{ format: 'mlx', types: ['f16'] }] })).rejects.toThrow('mlx-lm has no place for a model of the type llama with the activation relu');
  expect(() => readdirSync(to)).toThrow('ENOENT');
});

const FIXTURES = ['models', 'families'].flatMap((kind) => readdirSync(`test/fixtures/engine/${kind}`).map((name) => `test/fixtures/engine/${kind}/${name}`));

requires('mlx')('in mlx-lm', () => {
  it('every model that is written has Transformers\' logits, but for windows that are told of', { timeout: 600_000 }, async () => {
    const asked: { folder: string; texts: number[][] }[] = [];
    const expected: { name: string; rows: Float32Array[] }[] = [];
    for (const name of FIXTURES) {
      const { config, rawConfig } = await openModel(name);
      const written = (() => {
        try {
          return mlxConfig(config, rawConfig);
        } catch {
          return null;
        }
      })();
      // Those in halves it computes in halves.
      if (!written || written.notes.length > 0 || /wrapped|float16/.test(name) || !isJsonObject(written.config)) continue;
      const folder = temporary.path(name.replaceAll('/', '-'));
      await mkdir(folder);
      await writeFile(join(folder, 'config.json'), spellConfig(written.config));
      for (const file of readdirSync(name).filter((each) => each.startsWith('model'))) await cp(join(name, file), join(folder, file));
      const { ids, lengths } = JSON.parse(readFileSync(join(name, 'reference.json'), 'utf8')) as { ids: number[][]; lengths: number[] };
      const logits = (await tensorsOf(join(name, 'reference.safetensors')))('logits');
      const row = logits.length / ids.length;
      asked.push({ folder, texts: ids.map((text, at) => text.slice(0, lengths[at])) });
      expected.push({ name, rows: ids.map((_, at) => logits.slice(at * row, at * row + lengths[at]! * config.vocabSize)) });
    }
    expect(asked.length).toBeGreaterThan(15);
    const found = spawnSync(mlxPython()!, ['test/export/mlx_logits.py'], { input: JSON.stringify(asked), encoding: 'utf8', maxBuffer: 2 ** 28 });
    expect(found.stderr).not.toContain('Error');
    for (const [at, texts] of (JSON.parse(found.stdout) as number[][][][]).entries()) {
      const { name, rows } = expected[at]!;
      // It rounds what Gemma's embeddings are scaled by to bfloat16.
      const tolerance = name.includes('gemma') ? 5e-2 : 5e-3;
      texts.forEach((positions, text) => positions.flat().forEach((logit, place) => {
        if (Math.abs(logit - rows[text]![place]!) > tolerance) throw new Error(`${name}: logit ${place} of text ${text} is ${logit}, expected ${rows[text]![place]}`);
      }));
    }
  });
});
