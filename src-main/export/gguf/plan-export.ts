import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../contract/problem.ts';
import { readConfig } from '../../model/config/read-config.ts';
import { planContents } from '../../model/gguf/architecture.ts';
import type { GgufContents } from '../../model/gguf/contents.ts';
import { Metadata } from '../../model/gguf/metadata.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { Rope } from '../../nn/rope-config.ts';
import { describe, stretches } from './describe.ts';
import { text, type KeyValues } from './key-values.ts';
import { refuseUnplaced } from './places.ts';
import { splitGateAndUp } from './split-rows.ts';
import type { TensorToMake } from './tensor-to-make.ts';

export interface ExportPlan {
  readonly architecture: string;
  /** Heads of queries for each of keys in the first layer, as llama.cpp counts them; 0 where it has none. */
  readonly queryGroup: number;
  /** Without those of the tokenizer. */
  readonly keys: KeyValues;
  readonly tensors: readonly TensorToMake[];
  /** Tensors that are no weights. */
  readonly tables: ReadonlyMap<string, Float32Array>;
  /** What llama.cpp computes otherwise than the model, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Plans the file of a model: its metadata, and its tensors by the same table that reads them. The file is then read in
 * thought: a config that would come back as another one is refused.
 * @throws Problem where llama.cpp does not know the family, or GGUF has no word for something of the config
 */
export async function planExport(path: string, config: ModelConfig): Promise<ExportPlan> {
  const described = describe(config);
  const { architecture, keys, tables, has } = described;
  refuseUnplaced(config, described);
  const named: KeyValues = {
    'general.architecture': text(architecture), ...Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value])),
  };
  const contents: GgufContents = {
    path, has: (tensor) => tensor === 'token_embd.weight' || has(tensor), shape: () => [config.vocabSize, config.hiddenSize],
    metadata: new Metadata(path, new Map(Object.entries(named).map(([key, { type, value }]) => [key, type === 'f32' ? Math.fround(value) : value]))),
    read: (tensor) => Promise.resolve(tables.get(tensor)!),
  };
  const plan = await planContents(contents);
  const readBack = readConfig(path, { ...plan.config });
  const notes = differences(config, readBack);
  const tensors = splitGateAndUp(plan.tensors.map(({ source, ...tensor }) => ({ ...tensor, target: source })), config);
  return { architecture, queryGroup: queryGroupOf(keys), keys: named, tables, tensors, notes };
}

function queryGroupOf(keys: KeyValues): number {
  const heads = (name: string): number | undefined => [keys[name]?.value].flat()[0] as number | undefined;
  const [queries, pairs] = [heads('attention.head_count')!, heads('attention.head_count_kv')];
  return pairs === 0 ? 0 : queries / (pairs ?? queries);
}

/** What is written in another way in the two and means the same. */
const SPELLING = new Set(['family', 'modelType', 'tiedEmbeddings', 'sharesFeedForward', 'queryGrowth', 'mscale']);

/** Notes on windows, which llama.cpp leaves out of some families. @throws Problem for any other difference */
function differences(config: ModelConfig, readBack: ModelConfig): string[] {
  const before = config as unknown as Readonly<Record<string, unknown>>;
  const after = readBack as unknown as Readonly<Record<string, unknown>>;
  for (const [field, value] of Object.entries(before)) {
    if (SPELLING.has(field) || field === 'windows' || (field === 'windowRope' && !hasWindows(config))) continue;
    if ((field === 'rope' ? computesAlike : isNear)(value, after[field])) continue;
    throw new Problem(`This ${config.modelType} has ${field} ${JSON.stringify(value)}, and a GGUF file of its kind says ${JSON.stringify(after[field])}: llama.cpp would compute another model.`, {
      hint: 'Export it as ONNX or safetensors.',
    });
  }
  return windowNotes(config, readBack);
}

const hasWindows = (config: ModelConfig): boolean => 'windows' in config && config.windows.some((width) => width !== null);

/** Llama 3's rotary embedding is told by its factors, which several constants give. */
function computesAlike(one: unknown, other: unknown): boolean {
  const [before, after] = [one as Rope | null, other as Rope | null];
  if (before?.scaling?.type !== 'llama3' || after?.scaling?.type !== 'llama3') return isNear(one, other);
  const [first, second] = [stretches(before.scaling, before.theta, before.width), stretches(after.scaling, after.theta, after.width)];
  return isNear({ ...before, scaling: null }, { ...after, scaling: null }) && first.every((value, pair) => Math.abs(value - second[pair]!) <= 1e-4 * value);
}

function windowNotes(config: ModelConfig, readBack: ModelConfig): string[] {
  if (!('windows' in config) || !('windows' in readBack)) return [];
  // llama.cpp reads Phi-3's window and does without it.
  const there = config.family === 'phi3' ? config.windows.map(() => null) : readBack.windows;
  if (isDeepStrictEqual(config.windows, there)) return [];
  const width = Math.min(...[...config.windows, ...there].filter((one) => one !== null));
  if (width >= config.contextLength) return [];
  return [`Some of its layers see only the last ${width} tokens, and llama.cpp lets them see all: texts of more than ${width} tokens come out otherwise there.`];
}

/** Equal, but for what rounding to float32 does to numbers. */
function isNear(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one === other || Math.abs(one - other) <= 1e-6 * Math.abs(one);
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, at) => isNear(item, other[at]));
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return Object.keys(left).every((key) => SPELLING.has(key) || isNear(left[key], right[key]));
}
