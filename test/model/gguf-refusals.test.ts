import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { importGguf } from '../../src-main/model/gguf/import-gguf.ts';
import { gguf, TINY_LLAMA, type Tensor, type Value } from './gguf-writer.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'retort-gguf-')); });
afterEach(() => rmSync(folder, { recursive: true }));

/** The tiny Llama with changes; undefined removes. */
interface Changes { metadata?: Record<string, Value | undefined>; tensors?: Record<string, Tensor | undefined> }

function changed({ metadata = {}, tensors = {} }: Changes): Buffer {
  const merge = <T>(base: Readonly<Record<string, T>>, change: Record<string, T | undefined>): Record<string, T> => (
    Object.fromEntries(Object.entries({ ...base, ...change }).filter((entry): entry is [string, T] => entry[1] !== undefined)));
  return gguf(merge(TINY_LLAMA.metadata, metadata), merge(TINY_LLAMA.tensors, tensors));
}

async function importBytes(bytes: Buffer): Promise<Record<string, unknown>> {
  const source = join(folder, 'tiny.gguf');
  writeFileSync(source, bytes);
  await importGguf(source, join(folder, 'model'), { precision: 'fp32' });
  return JSON.parse(readFileSync(join(folder, 'model', 'config.json'), 'utf8')) as Record<string, unknown>;
}

async function refusal(bytes: Buffer): Promise<string> {
  const failure: unknown = await importBytes(bytes).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ kind: 'input', message: expect.stringContaining('tiny.gguf') });
  expect(readdirSync(folder)).toEqual(['tiny.gguf']);
  return (failure as Problem).message;
}

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, at);
  return copy;
}

describe('a file that is no GGUF that Retort reads', () => {
  it('is refused by its beginning', async () => {
    expect(await refusal(Buffer.from('PK\u0003\u0004 something else'))).toContain('is not a GGUF file');
    expect(await refusal(Buffer.alloc(0))).toContain('is not a GGUF file');
    expect(await refusal(patched(changed({}), 4, 1))).toContain('version 1 of GGUF');
    expect(await refusal(patched(changed({}), 4, 0x03000000))).toContain('big-endian');
  });

  it('is refused for impossible counts', async () => {
    expect(await refusal(patched(changed({}), 8, 0xffffffff))).toContain('cut off within its header');
    expect(await refusal(patched(changed({}), 12, 0xffffffff))).toContain('impossible number');
  });
});

describe('a model that Retort does not support', () => {
  it.each<[string, Changes, string]>([
    ['another architecture', { metadata: { 'general.architecture': 'mamba' } }, 'the architecture "mamba"'],
    ['an adapter', { metadata: { 'general.type': 'adapter' } }, 'general.type is "adapter"'],
    ['a part of a model under another name', { metadata: { 'split.count': 3 } }, 'is one of 3 parts of a model, and its name does not lead to the others'],
    ['experts', { metadata: { 'llama.expert_count': 8 } }, 'llama.expert_count is 8'],
    ['attention that sees what comes after', { metadata: { 'llama.attention.causal': false } }, 'llama.attention.causal is false'],
    ['a key of unknown meaning', { metadata: { 'llama.logit_scale': 0.5 } }, 'llama.logit_scale is 0.5'],
    ['a partial rotary embedding', { metadata: { 'llama.rope.dimension_count': 1 } }, 'llama.rope.dimension_count is 1'],
    ['heads of values of another width', { metadata: { 'llama.attention.value_length': 4 } }, 'llama.attention.value_length is 4'],
    ['a scaling that cannot be written', { metadata: { 'llama.rope.scaling.type': 'longrope' } }, 'llama.rope.scaling.type is "longrope"'],
    ['more layers than it has tensors', { metadata: { 'llama.block_count': 2 ** 32 - 1 } }, 'llama.block_count is 4294967295, but the file holds no more than 11 tensors.'],
    ['heads wider than any tensor', { metadata: { 'llama.attention.key_length': 2 ** 31 } }, 'llama.attention.key_length is 2147483648, but no tensor of the file is wider than 6.'],
    ['no embedding', { metadata: { 'general.architecture': 't5', 't5.embedding_length': 4, 't5.feed_forward_length': 6, 't5.block_count': 1, 't5.attention.head_count': 2, 't5.attention.relative_buckets_count': 4, 't5.context_length': 8, 't5.attention.layer_norm_rms_epsilon': 1e-6 }, tensors: { 'token_embd.weight': undefined } }, 'lacks the tensor token_embd.weight'],
    ['an unknown tensor', { tensors: { 'blk.0.ffn_gate_inp.weight': { shape: [4] } } }, 'does not know the tensor blk.0.ffn_gate_inp.weight'],
    ['a tensor type', { tensors: { 'blk.0.ffn_up.weight': { shape: [6, 4], type: 21 } } }, 'blk.0.ffn_up.weight is stored as IQ3_S'],
    ['factors unlike those of Llama 3', { tensors: { 'rope_freqs.weight': { shape: [1], values: new Float32Array([0.5]) } } }, 'rope_freqs.weight'],
  ])('is refused by name: %s', async (_, changes, message) => {
    expect(await refusal(changed(changes))).toContain(message);
  });

  it('is not refused for keys that say that something is not in use', async () => {
    await importBytes(changed({ metadata: { 'llama.expert_count': 0, 'llama.vocab_size': 3, 'llama.rope.scaling.type': 'none', 'llama.attention.causal': true } }));
  });
});

describe('a file that contradicts itself', () => {
  it.each<[string, Changes, string]>([
    ['a missing key', { metadata: { 'llama.block_count': undefined } }, 'lacks llama.block_count'],
    ['a key of the wrong type', { metadata: { 'llama.block_count': 'one' } }, 'llama.block_count is "one", expected a whole number'],
    ['a list of lists', { metadata: { 'general.tags': [['a']] } }, 'the value of general.tags is a list of lists'],
    ['an alignment that is none', { metadata: { 'general.alignment': 1.5 } }, 'general.alignment is 1.5'],
    ['a count of none', { metadata: { 'llama.attention.head_count': 0 } }, 'llama.attention.head_count is 0'],
    ['a missing tensor', { tensors: { 'blk.0.attn_v.weight': undefined } }, 'lacks the tensor blk.0.attn_v.weight'],
    ['missing embeddings', { tensors: { 'token_embd.weight': undefined } }, 'lacks the tensor token_embd.weight'],
    ['a tensor of another shape', { tensors: { 'blk.0.attn_v.weight': { shape: [2, 4] } } }, 'has the shape [2, 4], but its metadata demand [4, 4]'],
    ['a width that its type cannot have', { tensors: { 'blk.0.ffn_up.weight': { shape: [6, 4], type: 8 } } }, 'does not fit its type Q8_0'],
    ['more tokens than embeddings', { tensors: { 'token_embd.weight': { shape: [2, 4] } } }, 'has 3 tokens, but embeddings for only 2'],
    ['types for other tokens', { metadata: { 'tokenizer.ggml.token_type': [1] } }, 'has 3 tokens, but types for 1'],
    ['a role without a token', { metadata: { 'tokenizer.ggml.eos_token_id': 9 } }, 'eos_token_id is 9, but there are 3 tokens'],
  ])('is refused: %s', async (_, changes, message) => {
    expect(await refusal(changed(changes))).toContain(message);
  });
});

describe('the scaling of the rotary embedding', () => {
  it('is written as Transformers spells it', async () => {
    const { rope_scaling: linear } = await importBytes(changed({ metadata: { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 } }));
    expect(linear).toEqual({ rope_type: 'linear', factor: 4 });
    rmSync(join(folder, 'model'), { recursive: true });
    const { rope_scaling: yarn } = await importBytes(changed({
      metadata: { 'llama.rope.scaling.type': 'yarn', 'llama.rope.scaling.factor': 2.5, 'llama.rope.scaling.original_context_length': 8 },
    }));
    expect(yarn).toEqual({ rope_type: 'yarn', factor: 2.5, original_max_position_embeddings: 8, beta_fast: 32, beta_slow: 1 });
  });

  it('is recognized as that of Llama 3 by its factors', async () => {
    // Of Llama 3.2 1B (theta 500000, heads 64 wide, factor 32), as the converter of llama.cpp computes them.
    const factors = Array.from({ length: 32 }, (_, pair) => {
      const wavelength = 2 * Math.PI * 500000 ** (pair / 32);
      if (wavelength < 8192 / 4) return 1;
      if (wavelength > 8192) return 32;
      const smooth = (8192 / wavelength - 1) / 3;
      return 1 / ((1 - smooth) / 32 + smooth);
    });
    const wide = (rows: number): Tensor => ({ shape: [rows, 4] });
    const { rope_scaling: scaling } = await importBytes(changed({
      metadata: { 'llama.attention.key_length': 64, 'llama.attention.value_length': 64, 'llama.rope.freq_base': 500000 },
      tensors: {
        'rope_freqs.weight': { shape: [32], values: Float32Array.from(factors) },
        'blk.0.attn_q.weight': wide(128), 'blk.0.attn_k.weight': wide(128), 'blk.0.attn_v.weight': wide(128), 'blk.0.attn_output.weight': { shape: [4, 128] },
      },
    }));
    expect(scaling).toEqual({ rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 });
  });
});
