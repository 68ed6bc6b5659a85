import { existsSync } from 'node:fs';
import { TEMPLATE_FILES } from '../../contract/template-files.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { adapterParameters, downName, upName } from '../../nn/weights/adapted.ts';
import { float32 } from '../../runtime/tensor.ts';
import type { HostWeights } from '../../runtime/weights.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { inFolder, type Companions } from '../../text/companions.ts';
import type { ModelFiles, WeightPlace, WeightSpec } from '../model-files.ts';
import { fillRows } from '../pieces.ts';
import type { TensorInfo } from '../safetensors-read.ts';
import { mergedPieces } from './merged-pieces.ts';
import type { SavedAdapter } from './saved-adapter.ts';

/** A base model with a saved adapter beside it: a model like any other, whose weights are read with the adapter in them. */
export class AdaptedModel implements ModelFiles {
  readonly path: string;
  readonly base: ModelFiles;
  readonly adapter: SavedAdapter;
  readonly companions: Companions;
  private weights: Promise<HostWeights> | null = null;

  constructor(base: ModelFiles, adapter: SavedAdapter) {
    this.path = adapter.path;
    this.base = base;
    this.adapter = adapter;
    this.companions = eitherOf(inFolder(adapter.path), base.companions);
  }

  get kind(): ModelFiles['kind'] {
    return this.base.kind;
  }

  get config(): ModelConfig {
    return this.base.config;
  }

  get rawConfig(): JsonObject {
    return this.base.rawConfig;
  }

  get tensors(): readonly TensorInfo[] {
    return this.base.tensors;
  }

  get weightFiles(): readonly string[] {
    return [...this.base.weightFiles, this.adapter.file];
  }

  checkWeights(expected: readonly WeightSpec[]): void {
    this.base.checkWeights(expected);
  }

  async readWeights(into: (name: string, shape: readonly number[]) => Float32Array, expected: readonly WeightSpec[]): Promise<void> {
    this.checkWeights(expected);
    for (const spec of expected) await fillRows(spec, this.pieces(spec.name), into);
  }

  async* pieces(name: string): AsyncGenerator<Float32Array> {
    const adapter = this.adapter.adapters.get(name);
    if (!adapter) {
      yield* this.base.pieces(name);
      return;
    }
    const weights = await this.read();
    const of = (parameter: string): Float32Array => weights[parameter]!.data as Float32Array;
    yield* mergedPieces(this.base.pieces(name), adapter, { down: of(downName(adapter)), up: of(upName(adapter)) });
  }

  place(name: string): WeightPlace | null {
    return this.base.place(name);
  }

  /** A and B of every adapter, by the names of their parameters. */
  read(): Promise<HostWeights> {
    return this.weights ??= readAdapter(this.adapter);
  }
}

async function readAdapter(adapter: SavedAdapter): Promise<HostWeights> {
  const weights = Object.fromEntries(adapterParameters(adapter.adapters).map(({ name, shape }) => [name, float32(new Float32Array(sizeOf(shape)), shape)]));
  await adapter.read((name) => weights[name]!.data as Float32Array);
  return weights;
}

/** What belongs together: of a tokenizer with files of another one beside it nobody could say what it does. */
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.json', 'merges.txt', 'tokenizer.model', ...TEMPLATE_FILES];

/** A file of the adapter's folder, or else of the base model; where the adapter was saved with its tokenizer, all of that. */
function eitherOf(own: Companions, base: Companions): Companions {
  const hasTokenizer = existsSync(own.pathOf('tokenizer.json'));
  const isOwn = (name: string): boolean => (hasTokenizer && TOKENIZER.includes(name)) || existsSync(own.pathOf(name));
  const from = (name: string): Companions => (isOwn(name) ? own : base);
  return {
    model: own.model,
    pathOf: (name) => from(name).pathOf(name),
    json: (name) => from(name).json(name),
    bytes: (name) => from(name).bytes(name),
  };
}
