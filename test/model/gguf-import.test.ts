import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { gguf, TINY_LLAMA } from './gguf-writer.ts';

const fixtures = fileURLToPath(new URL('../fixtures/model-gguf/', import.meta.url));
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'retort-gguf-')); });
afterEach(() => rmSync(folder, { recursive: true }));

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

async function readTensor(file: SafetensorsFile, name: string): Promise<Float32Array> {
  const values = new Float32Array(file.tensors.find((tensor) => tensor.name === name)!.shape.reduce((product, size) => product * size, 1));
  await file.read(name, values);
  return values;
}

describe.each(['llama', 'qwen2', 'qwen3', 'gpt2'])('a GGUF file of %s', (architecture) => {
  it('gives the weights that Transformers reads from it, to the bit', async () => {
    const to = join(folder, 'model');
    await importGguf(join(fixtures, `${architecture}.gguf`), to, { precision: 'fp32' });
    const file = await SafetensorsFile.open(join(to, 'model.safetensors'));
    const found = await Promise.all(file.tensors.map(async ({ name, shape }) => {
      const values = await readTensor(file, name);
      return [name, { shape, sha256: createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex') }];
    }));
    expect(Object.fromEntries(found)).toEqual(readJson(join(fixtures, `${architecture}.json`)));
  });

  it('gives a config that Retort reads', async () => {
    const to = join(folder, 'model');
    const { modelType } = await importGguf(join(fixtures, `${architecture}.gguf`), to, { precision: 'fp32' });
    const config = readConfig('config.json', readJson(join(to, 'config.json')));
    expect([modelType, config.modelType]).toEqual([architecture, architecture]);
  });
});

describe('importing', () => {
  const source = join(fixtures, 'llama.gguf');

  it('writes config, tokenizer and generation settings', async () => {
    const to = join(folder, 'new', 'model');
    await importGguf(source, to, { precision: 'bf16' });
    expect(readdirSync(to).sort()).toEqual(['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
    expect(readJson(join(to, 'config.json'))).toMatchObject({
      architectures: ['LlamaForCausalLM'], model_type: 'llama', torch_dtype: 'bfloat16', num_hidden_layers: 2, num_attention_heads: 4,
      num_key_value_heads: 2, head_dim: 8, hidden_size: 32, intermediate_size: 256, rms_norm_eps: 1e-5, rope_theta: 500000,
      rope_scaling: null, max_position_embeddings: 64, tie_word_embeddings: true,
    });
    expect(readJson(join(to, 'generation_config.json'))).toEqual({ bos_token_id: 0, eos_token_id: [2, 3], pad_token_id: 1 });
    expect(readJson(join(to, 'tokenizer_config.json'))).toMatchObject({
      bos_token: '<|endoftext|>', eos_token: '<|end|>', pad_token: '<|pad|>',
      chat_template: '{% for message in messages %}{{ message.content }}<|end|>{% endfor %}',
    });
  });

  it('writes the precision that is asked for', async () => {
    for (const [precision, dtype] of [['fp16', 'F16'], ['bf16', 'BF16'], ['fp32', 'F32']] as const) {
      await importGguf(source, join(folder, precision), { precision });
      const { tensors } = await SafetensorsFile.open(join(folder, precision, 'model.safetensors'));
      expect(new Set(tensors.map((tensor) => tensor.dtype))).toEqual(new Set([dtype]));
    }
  });

  it('counts the weights as it goes', async () => {
    const calls: number[][] = [];
    const { parameters } = await importGguf(source, join(folder, 'model'), { precision: 'fp32', onProgress: (...call) => calls.push(call) });
    expect(calls.at(-1)).toEqual([parameters, parameters]);
    expect(calls.map(([done]) => done)).toEqual([...calls.map(([done]) => done!)].sort((left, right) => left - right));
  });

  it('never writes over a folder', async () => {
    await expect(importGguf(source, folder, { precision: 'fp32' })).rejects.toThrow(/exists already/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind when writing fails', async () => {
    const stop = (): void => { throw Object.assign(new Error('no space left'), { code: 'ENOSPC' }); };
    const failing = importGguf(source, join(folder, 'model'), { precision: 'fp32', onProgress: stop });
    await expect(failing).rejects.toMatchObject({ kind: 'failure', message: `the disk is full: ${join(folder, 'model')} was not written` });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a file that is cut off anywhere, before it writes', async () => {
    const whole = readFileSync(source);
    const short = join(folder, 'short.gguf');
    const lengths = Array.from({ length: 60 }, (_, step) => Math.floor(step * whole.length / 60));
    for (const length of [1, 4, 8, 24, 100, ...lengths, whole.length - 1]) {
      writeFileSync(short, whole.subarray(0, length));
      const failure: unknown = await importGguf(short, join(folder, 'model'), { precision: 'fp32' }).catch((error: unknown) => error);
      expect(failure, `${length} bytes`).toBeInstanceOf(Problem);
      expect((failure as Problem).message).toMatch(/short\.gguf (is damaged: .*cut off|is not a GGUF file)/);
      expect(existsSync(join(folder, 'model'))).toBe(false);
    }
  });

  it('reads a header of several megabytes', async () => {
    const template = Array.from({ length: 800_000 }, (_, at) => `${at} `).join('');
    const long = join(folder, 'long.gguf');
    writeFileSync(long, gguf({ ...TINY_LLAMA.metadata, 'tokenizer.chat_template': template }, TINY_LLAMA.tensors));
    await importGguf(long, join(folder, 'model'), { precision: 'fp32' });
    expect(readJson(join(folder, 'model', 'tokenizer_config.json'))['chat_template'] === template).toBe(true);
  });

  it('tells a missing file from one that is none', async () => {
    await expect(importGguf(folder, join(folder, 'model'), { precision: 'fp32' })).rejects.toThrow(/is not a file/);
    await expect(importGguf(join(folder, 'none.gguf'), join(folder, 'model'), { precision: 'fp32' })).rejects.toThrow(/none\.gguf cannot be opened/);
  });
});
