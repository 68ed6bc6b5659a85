import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { ModelConfig } from '../nn/config.ts';
import type { JsonObject } from '../files/json-object.ts';
import { checkSizes } from './config/check-sizes.ts';
import { readConfig } from './config/read-config.ts';
import { textPart } from './config/text-part.ts';
import { readJsonFile } from '../files/json-file.ts';
import { inFolder, type Companions } from '../text/companions.ts';
import { checkWeights } from './check-weights.ts';
import { joinExperts, type StoredWeight } from './experts.ts';
import { isGguf, openGguf } from './gguf/gguf-model.ts';
import type { ModelFiles, WeightPlace, WeightSpec } from './model-files.ts';
import type { TensorInfo } from './safetensors-read.ts';
import { openAdapted } from './adapter/open-adapted.ts';
import { holdsAdapter } from './adapter-folder.ts';
import { fillRows } from './pieces.ts';
import { checkReadable, listStoredTensors } from './weight-files.ts';
import { isOutput, resolveNames, withTying } from './weight-names.ts';

/** A model folder in the Hugging Face layout: its config has been understood, its weights are still on the disk. */
class ModelFolder implements ModelFiles {
  readonly path: string;
  readonly kind = 'folder';
  readonly config: ModelConfig;
  readonly rawConfig: JsonObject;
  readonly companions: Companions;
  readonly tensors: readonly TensorInfo[];
  private readonly stored: ReadonlyMap<string, StoredWeight>;

  constructor(path: string, config: ModelConfig, rawConfig: JsonObject, stored: ReadonlyMap<string, StoredWeight>) {
    this.path = path;
    this.config = config;
    this.rawConfig = rawConfig;
    this.companions = inFolder(path);
    this.stored = stored;
    this.tensors = [...stored].map(([name, { parts: [first], shape }]) => ({ name, dtype: first!.info.dtype, shape }));
  }

  get weightFiles(): string[] {
    return [...new Set([...this.stored.values()].flatMap(({ parts }) => parts.map(({ file }) => file.path)))];
  }

  checkWeights(expected: readonly WeightSpec[]): void {
    checkWeights(this.path, this.tensors, expected);
  }

  async readWeights(into: (name: string, shape: readonly number[]) => Float32Array, expected: readonly WeightSpec[]): Promise<void> {
    this.checkWeights(expected);
    for (const spec of expected) await fillRows(spec, this.pieces(spec.name), into);
  }

  async *pieces(name: string): AsyncGenerator<Float32Array> {
    const { parts, rearrange } = this.find(name);
    const stored = piecesOf(parts);
    yield* rearrange ? rearrange(stored) : stored;
  }

  place(name: string): WeightPlace | null {
    const { parts: [first, ...others], rearrange } = this.find(name);
    if (others.length > 0 || rearrange) return null;
    const { file, info: { name: stored, shape } } = first!;
    const { begin, end, format } = file.place(stored);
    const [rows, width] = shape as [number, number];
    return { path: file.path, offset: begin, bytes: end - begin, encoding: format, rows, width, isTurned: false, pairedHeads: null, joinedHeads: null };
  }

  private find(name: string): StoredWeight {
    const stored = this.stored.get(name);
    if (!stored) throw new Error(`${this.path} has no weight ${name}`);
    return stored;
  }
}

async function* piecesOf(parts: StoredWeight['parts']): AsyncGenerator<Float32Array> {
  for (const { file, info } of parts) yield* file.pieces(info.name);
}

/** Reads a model's config and the headers of its weight files. Throws a `Problem` where either is missing or wrong. @param path  a folder, also of an adapter, or a GGUF file */
export async function openModel(path: string): Promise<ModelFiles> {
  if (!existsSync(path)) throw new Problem(`there is no model folder ${path}`, { hint: 'Give the path of a folder with a config.json, or of a GGUF file.' });
  if (!statSync(path).isDirectory()) {
    if (await isGguf(path)) return openGguf(path);
    throw new Problem(`${path} is a file, and neither a model folder nor a GGUF file`, { hint: 'Give the folder that holds config.json.' });
  }
  if (holdsAdapter(path)) return openAdapted(path, openModel);
  const configPath = join(path, 'config.json');
  const written = await readJsonFile(configPath);
  if (!written) throw new Problem(`${path} has no config.json`, { hint: 'Expected the folder of a Hugging Face model.' });
  const stored = await listStoredTensors(path);
  const rawConfig = textPart(written, stored.some(({ info }) => isOutput(info.name)));
  try {
    checkSizes(configPath, rawConfig, stored.map(({ info }) => info));
  } catch (problem) {
    // Weights that cannot be read at all say more than their sizes.
    stored.forEach(checkReadable);
    throw problem;
  }
  const config = withTying(readConfig(configPath, rawConfig), stored);
  return new ModelFolder(path, config, rawConfig, joinExperts(path, await resolveNames(config, stored, rawConfig !== written)));
}
