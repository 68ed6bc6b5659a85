import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { fillUniform } from '../../../src-main/contract/random.ts';
import { GGUF_TYPES, type GgufType } from '../../../src-main/contract/gguf-types.ts';
import { MIXTURES, tensorTypes } from '../../../src-main/export/gguf/mixture.ts';
import { shapeOf } from '../../../src-main/export/gguf/pieces.ts';
import { planExport } from '../../../src-main/export/gguf/plan-export.ts';
import { writeGguf } from '../../../src-main/export/gguf/write-gguf.ts';
import type { Imatrix } from '../../../src-main/export/gguf/imatrix.ts';
import { readConfig } from '../../../src-main/model/config/read-config.ts';
import { GgufFile } from '../../../src-main/model/gguf/gguf-file.ts';
import { buildDecoder } from '../../../src-main/nn/build.ts';
import type { ModelConfig } from '../../../src-main/nn/config.ts';
import type { HostWeights } from '../../../src-main/runtime/weights.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';
import { python, requires } from '../../support/requires.ts';
import { randomWeights, tinyGpt2, tinyLlama, tinyT5 } from '../../support/tiny-models.ts';

const temporary = temporaryFolder();
const QUANTIZED = GGUF_TYPES.filter((type) => type !== 'f16' && type !== 'bf16');

/** What llama-quantize leaves in the type that its input has: T5's biases by distance. */
const AS_GIVEN = /attn_rel_b\.weight$/;

/** A family's config in another size. */
function sized(family: string, changes: object): ModelConfig {
  const path = `test/fixtures/engine/families/${family}`;
  // What is undefined is left out.
  return readConfig(path, JSON.parse(JSON.stringify({ ...JSON.parse(readFileSync(`${path}/config.json`, 'utf8')) as object, ...changes })) as Record<string, unknown>);
}

const wide = { hiddenSize: 256, headDim: 32, intermediateSize: 256, layers: 9, rope: { theta: 10000, scaling: null, width: 32 }, windows: Array.from({ length: 9 }, () => null) };
const large = { hidden_size: 256, intermediate_size: 512, num_hidden_layers: 11, num_attention_heads: 4, num_key_value_heads: 1, vocab_size: 64, head_dim: 64, layer_types: undefined };
const CONFIGS: Readonly<Record<string, ModelConfig>> = {
  'llama': tinyLlama(wide), 'llama, its output apart': tinyLlama({ ...wide, tiedEmbeddings: false }),
  'llama of odd widths': tinyLlama({ ...wide, hiddenSize: 96, intermediateSize: 352, tiedEmbeddings: false }), 'llama of no whole blocks': tinyLlama({ ...wide, hiddenSize: 40, intermediateSize: 48 }),
  'gpt2': tinyGpt2({ hiddenSize: 256, heads: 4, layers: 9, intermediateSize: 512 }), 't5': tinyT5({ hiddenSize: 256, intermediateSize: 256, layers: 9, encoderLayers: 9, maxDistance: 128 }),
  'phi3': sized('phi3', { ...large, head_dim: undefined }), 'gemma2': sized('gemma2', { ...large, query_pre_attn_scalar: 64 }), 'granite': sized('granite', { ...large, head_dim: undefined }),
  'stablelm': sized('stablelm', { ...large, head_dim: undefined }), 'gpt-neox': sized('gpt-neox', { ...large, head_dim: undefined, num_key_value_heads: undefined, rope_parameters: undefined, rotary_pct: 0.25 }),
};

/** How far what a file has is from the weights, as a part of them: over all tensors. */
async function errorOf(path: string, exact: GgufFile): Promise<number> {
  const file = await GgufFile.open(path);
  let [difference, all] = [0, 0];
  for (const name of exact.tensorNames) {
    const [found, wanted] = [await file.read(name), await exact.read(name)];
    wanted.forEach((value, at) => { [difference, all] = [difference + (found[at]! - value) ** 2, all + value ** 2]; });
  }
  return Math.sqrt(difference / all);
}

const piecesOf = (weights: HostWeights): { pieces(name: string): AsyncGenerator<Float32Array> } => ({
   
  async* pieces(name) { yield weights[name]!.data as Float32Array; },
});

interface Made { exact: string; write(to: string, type: GgufType | 'f32', imatrix: Imatrix | null): Promise<void>; types(type: GgufType, imatrix: boolean): Record<string, string>; imatrix: Imatrix }

async function made(name: string, place = name): Promise<Made> {
  const config = CONFIGS[name]!;
  const plan = await planExport(name, config);
  const model = piecesOf(randomWeights(config, 5));
  const { layers } = buildDecoder(config);
  const write: Made['write'] = async (to, mixture, imatrix) => { await writeGguf(to, { model, layers, plan, keys: {}, mixture, imatrix, signal: new AbortController().signal }); };
  const placed = plan.tensors.map((tensor) => ({ target: tensor.target, shape: shapeOf(tensor) }));
  const exact = temporary.path(`${place}.gguf`);
  await write(exact, 'f32', null);
  return {
    exact, write, imatrix: new Map(placed.filter(({ shape, target }) => shape.length === 2 && target !== 'output.weight').map(({ target, shape }, example) => {
      const values = new Float32Array(shape.at(-1)!);
      fillUniform(values, 9, { purpose: 'init', example }, 1);
      return [target, values.map((value) => 0.01 + value * value)];
    })),
    types: (type, hasImatrix) => Object.fromEntries(tensorTypes(placed, type, { queryGroup: plan.queryGroup, layers, hasImatrix }).map((kind, at) => [placed[at]!.target, kind])),
  };
}

/** What llama-quantize makes of a file, for every type. */
async function quantized(place: string, { exact, imatrix }: Made, types: readonly GgufType[], withImatrix: boolean): Promise<Record<string, string>> {
  const jobs = types.map((type) => ({ from: exact, to: temporary.path(`${place}-${type}-${withImatrix}.gguf`), type: MIXTURES[type].fileType, imatrix: withImatrix ? Object.fromEntries([...imatrix].map(([key, values]) => [key, [...values]])) : null }));
  const list = temporary.path(`${place}.json`);
  await writeFile(list, JSON.stringify(jobs));
  execFileSync(python()!, ['test/export/gguf/quantize_llama.py', list], { stdio: ['ignore', 'ignore', 'inherit'] });
  return Object.fromEntries(types.map((type, at) => [type, jobs[at]!.to]));
}

requires('libllama')('beside llama-quantize', () => {
  it.each(Object.keys(CONFIGS))('each tensor has its type in every mixture: %s', async (name) => {
    const model = await made(name);
    for (const withImatrix of [false, true]) {
      for (const [type, path] of Object.entries(await quantized(name, model, QUANTIZED, withImatrix))) {
        const file = await GgufFile.open(path);
        const [ours, theirs] = [model.types(type as GgufType, withImatrix), Object.fromEntries(file.tensorNames.map((tensor) => [tensor, file.type(tensor)]))];
        expect([type, withImatrix, Object.entries(theirs).filter(([tensor, kind]) => tensor in ours && ours[tensor] !== kind && !AS_GIVEN.test(tensor)).map(([tensor, kind]) => [tensor, kind, ours[tensor]])]).toEqual([type, withImatrix, []]);
      }
    }
  });

  it.each([false, true])('rounds as well, by importance: %s', async (withImatrix) => {
    const name = 'llama, its output apart';
    const model = await made(name, `rounded-${withImatrix}`);
    const theirs = await quantized(`rounded-${withImatrix}`, model, QUANTIZED, withImatrix);
    const exact = await GgufFile.open(model.exact);
    for (const type of QUANTIZED) {
      const ours = temporary.path(`ours-${type}-${withImatrix}.gguf`);
      await model.write(ours, type, withImatrix ? model.imatrix : null);
      const ratio = await errorOf(ours, exact) / await errorOf(theirs[type]!, exact);
      expect(Math.abs(ratio - 1), `${type}: ${ratio}`).toBeLessThan(0.02);
    }
  });
});
