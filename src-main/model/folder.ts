import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import type { ModelConfig } from '../nn/config.ts';
import type { JsonObject } from '../files/json-object.ts';
import { sizeOf } from '../graph/shape.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import { checkSizes } from './config/check-sizes.ts';
import { readConfig } from './config/read-config.ts';
import { textPart } from './config/text-part.ts';
import { readJsonFile } from '../files/json-file.ts';
import type { TensorInfo } from './safetensors-read.ts';
import { refuseAdapter } from './adapter-folder.ts';
import { checkReadable, listStoredTensors, type StoredTensor } from './weight-files.ts';
import { isOutput, resolveNames, withTying } from './weight-names.ts';

export interface WeightSpec { readonly name: string; readonly shape: readonly number[] }

/** A model folder in the Hugging Face layout: its config has been understood, its weights are still on the disk. */
export class ModelFolder {
  readonly path: string;
  readonly config: ModelConfig;
  /** `config.json` as it is; of a model that reads pictures as well, its language model's part. */
  readonly rawConfig: JsonObject;
  /** Weights under the names that `nn/` gives them. */
  readonly tensors: readonly TensorInfo[];
  private readonly stored: ReadonlyMap<string, StoredTensor>;

  constructor(path: string, config: ModelConfig, rawConfig: JsonObject, stored: ReadonlyMap<string, StoredTensor>) {
    this.path = path;
    this.config = config;
    this.rawConfig = rawConfig;
    this.stored = stored;
    this.tensors = [...stored].map(([name, { info: { dtype, shape } }]) => ({ name, dtype, shape }));
  }

  /** The files that hold the weights. */
  get weightFiles(): string[] {
    return [...new Set([...this.stored.values()].map(({ file }) => file.path))];
  }

  /** Throws one `Problem` that names the weights which are missing, not expected, or of another shape. */
  checkWeights(expected: readonly WeightSpec[]): void {
    const names = new Set(expected.map(({ name }) => name));
    const missing = expected.filter(({ name }) => !this.stored.has(name)).map(({ name }) => name);
    const unexpected = this.tensors.filter(({ name }) => !names.has(name)).map(({ name }) => name);
    const misshapen = expected.flatMap(({ name, shape }) => {
      const found = this.stored.get(name)?.info.shape;
      return found && found.join() !== shape.join() ? [`${name} has shape [${found.join(', ')}] instead of [${shape.join(', ')}]`] : [];
    });
    const complaints = [some('missing', missing), some('not expected', unexpected), some('wrong', misshapen)].filter((text) => text !== '');
    if (complaints.length > 0) {
      throw new Problem(`the weights in ${this.path} do not fit its config.json: ${complaints.join('; ')}`, {
        hint: 'Check that config.json and the weights belong to the same model.',
      });
    }
  }

  /** Checks the weights, then reads each, or each part of its rows (`rowsOf`), into the memory that `into` gives for it. */
  async readWeights(into: (name: string, shape: readonly number[]) => Float32Array, expected: readonly WeightSpec[]): Promise<void> {
    this.checkWeights(expected);
    for (const spec of expected) {
      const { file, info } = this.find(spec.name);
      for (const { name, shape, start } of rowsOf(spec)) {
        await file.read(info.name, into(name, shape), start * sizeOf(spec.shape.slice(1)));
      }
    }
  }

  /** A weight piece by piece, for copying without holding it; each piece is good until the next is asked for. */
  pieces(name: string): AsyncIterable<Float32Array> {
    const { file, info } = this.find(name);
    return file.pieces(info.name);
  }

  private find(name: string): StoredTensor {
    const stored = this.stored.get(name);
    if (!stored) throw new Error(`${this.path} has no weight ${name}`);
    return stored;
  }
}

/** Reads a folder's config and the headers of its weight files. Throws a `Problem` where either is missing or wrong. */
export async function openModel(path: string): Promise<ModelFolder> {
  if (!existsSync(path)) throw new Problem(`there is no model folder ${path}`, { hint: 'Give the path of a folder with a config.json.' });
  if (!statSync(path).isDirectory()) {
    throw new Problem(`${path} is a file, not a model folder`, {
      hint: path.endsWith('.gguf') ? 'Import it first: retort model import FILE --to DIR.' : 'Give the folder that holds config.json.',
    });
  }
  refuseAdapter(path);
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
  return new ModelFolder(path, config, rawConfig, await resolveNames(config, stored, rawConfig !== written));
}

const SHOWN = 5;

function some(what: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${what}: ${items.slice(0, SHOWN).join(', ')}${more}`;
}
