import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exercise } from '../../resources/sample/task.ts';
import { dequantizeAffine, quantizeAffine } from '../../src-main/export/mlx/affine.ts';
import { readBack } from '../../src-main/export/mlx/tensors.ts';
import type { ExportReport } from '../../src-main/contract/export-report.ts';
import { SafetensorsFile } from '../../src-main/model/safetensors-read.ts';
import { openWholeModel, readWeights } from '../../src-main/model/load-model.ts';
import { rowsInMemory, wholeWeight } from '../../src-main/model/whole-weight.ts';
import { listMatrices } from '../../src-main/nn/build.ts';
import type { HostWeights } from '../../src-main/runtime/weights.ts';
import { TrainedModel } from '../../src-main/service/export/trained.ts';
import { resource } from '../../src-main/service/resources.ts';
import { exported } from '../support/exported.ts';
import { mlxPython, requires } from '../support/requires.ts';

interface Reference { rows: number[]; words: number[]; scales: number[]; biases: number[]; back: number[] }

const MODEL = resource('sample', 'teacher');
/** Few: MLX compiles its kernels for a CPU as it meets them. */
const TOKENS = 6;
let folder: string;
let report: ExportReport;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-mlx-'));
  report = await exported(MODEL, join(folder, 'both'), [], { parts: [{ format: 'mlx', types: ['f16', '4bit'] }] });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const halves = (bits: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(bits).buffer);
const error = (rows: readonly number[], back: ArrayLike<number>): number => Math.hypot(...rows.map((value, at) => value - back[at]!));

it('rounds no worse than MLX itself, and reads what MLX has written as it does', async () => {
  const { rows, words, scales, biases, back } = JSON.parse(await readFile('test/fixtures/model-formats/mlx-affine.json', 'utf8')) as Reference;
  const read = dequantizeAffine({ words: Uint32Array.from(words), scales: halves(scales), biases: halves(biases) });
  // MLX adds up in float16.
  read.forEach((value, at) => expect(Math.abs(value - back[at]!)).toBeLessThan(2e-3));
  const own = dequantizeAffine(quantizeAffine(Float32Array.from(rows)));
  expect(error(rows, own)).toBeLessThan(1.005 * error(rows, read));
  expect([...own.subarray(0, 64)]).toEqual(new Array(64).fill(0));
});

it('has the layout that mlx-lm publishes', async () => {
  const config = JSON.parse(await readFile(join(folder, 'both', 'mlx-4bit', 'config.json'), 'utf8')) as object;
  expect(config).toMatchObject({ model_type: 'llama', quantization: { group_size: 64, bits: 4 } });
  const { tensors } = await SafetensorsFile.open(join(folder, 'both', 'mlx-4bit', 'model.safetensors'));
  const named = new Map(tensors.map(({ name, dtype, shape }) => [name, `${dtype} ${shape.join()}`]));
  expect(named.get('model.embed_tokens.weight')).toBe('U32 17,24');
  expect([named.get('model.embed_tokens.scales'), named.get('model.embed_tokens.biases')]).toEqual(['F16 17,3', 'F16 17,3']);
  expect(named.get('model.norm.weight')).toMatch(/^F16 /);
  expect(report.others!.map(({ kind, name }) => [kind, name])).toEqual([['mlx f16', 'mlx-f16'], ['mlx 4bit', 'mlx-4bit']]);
  const [half, four] = report.others!.map(({ parity }) => parity!.topAgreement) as [number, number];
  expect(half).toBeGreaterThan(0.99);
  expect(four).toBeGreaterThan(0.8);
});

requires('mlx')('in mlx-lm', () => {
  it.each(['mlx-f16', 'mlx-4bit'])('%s writes what its weights write here', async (name) => {
    const model = await openWholeModel(MODEL);
    const prompts = Array.from({ length: 2 }, (_, at) => Int32Array.from(model.tokenizer.encode(exercise(3, at).question, { special: true })));
    const found = spawnSync(mlxPython()!, ['test/export/mlx_greedy.py', join(folder, 'both', name), String(TOKENS)], { input: JSON.stringify(prompts.map((ids) => [...ids])), encoding: 'utf8', timeout: 290_000 });
    expect(found.stderr).not.toContain('Error');
    const { texts, modules } = JSON.parse(found.stdout) as { texts: number[][]; modules: string[] };
    expect(modules.includes('QuantizedLinear')).toBe(name === 'mlx-4bit');
    const weights = await readWeights(model);
    const quantizable = new Set([...listMatrices(model.folder.config), ...model.decoder.tables].map((each) => each.name));
    const type = name === 'mlx-f16' ? 'f16' : '4bit';
    const trained = new TrainedModel(model, Object.assign({}, ...model.parameters.map((spec) => rowsInMemory(spec, readBack(spec, type, quantizable, wholeWeight(weights, spec))))) as HostWeights);
    const own = await trained.write(prompts.map((tokens, id) => ({ id, tokens })), TOKENS, { strategy: 'greedy' }, new AbortController().signal);
    await trained.release();
    expect(texts.map((text, at) => text.slice(0, own[at]!.tokens.length))).toEqual(own.map(({ tokens }) => [...tokens]));
  });
});
