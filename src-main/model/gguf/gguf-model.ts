import { ON_DISK, type ByteSources } from '../../files/byte-source.ts';
import type { JsonObject } from '../../files/json-object.ts';
import { withFile } from '../../files/file-bytes.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { FileEncoding } from '../../nn/weights/encodings/encodings.ts';
import { within, type Companions } from '../../text/companions.ts';
import { fillRows } from '../pieces.ts';
import { checkWeights } from '../check-weights.ts';
import { readConfig } from '../config/read-config.ts';
import type { ModelFiles, WeightPlace, WeightSpec } from '../model-files.ts';
import type { TensorInfo } from '../safetensors-read.ts';
import { planImport } from './architecture.ts';
import { fileTypeName } from './file-type.ts';
import { GgufFile } from './gguf-file.ts';
import type { Plan, PlannedTensor } from './plan.ts';
import { restoredPieces } from './restore.ts';
import { planTokenizer, type TokenizerFiles } from './tokenizer-files.ts';

const MAGIC = 'GGUF';

/** Whether a file is one of GGUF, whatever its name: Ollama's have none. */
export async function isGguf(path: string): Promise<boolean> {
  return withFile(path, async (file) => {
    const bytes = Buffer.alloc(MAGIC.length);
    await file.read(bytes, 0, bytes.length, 0);
    return bytes.toString('latin1') === MAGIC;
  });
}

/** Understands a GGUF file by its header. @param from  where its bytes are read. @throws Problem naming what Retort does not support or what is wrong with the file */
export async function openGguf(path: string, from: ByteSources = ON_DISK): Promise<ModelFiles> {
  const file = await GgufFile.open(path, from);
  const plan = await planImport(file);
  return new GgufModel(path, file, plan, planTokenizer(file.metadata, plan));
}

/** A model as a GGUF file has it: what of it is not weights is said by its metadata. */
class GgufModel implements ModelFiles {
  readonly path: string;
  readonly kind = 'gguf';
  readonly config: ModelConfig;
  readonly rawConfig: JsonObject;
  readonly companions: Companions;
  readonly tensors: readonly TensorInfo[];
  readonly fileType: string | undefined;
  private readonly file: GgufFile;
  private readonly planned: ReadonlyMap<string, PlannedTensor>;

  constructor(path: string, file: GgufFile, plan: Plan, { tokenizer, tokenizerConfig, generationConfig }: TokenizerFiles) {
    this.path = path;
    this.file = file;
    this.rawConfig = { ...plan.config, ...generationConfig };
    this.config = readConfig(path, this.rawConfig);
    this.companions = within(path, {
      'tokenizer.json': { ...tokenizer }, 'tokenizer_config.json': { ...tokenizerConfig }, 'generation_config.json': { ...generationConfig },
    });
    this.planned = new Map(plan.tensors.map((tensor) => [tensor.name, tensor]));
    this.tensors = plan.tensors.map(({ name, source, shape }) => ({ name, shape, dtype: file.type(source) }));
    this.fileType = fileTypeName(file.metadata.count('general.file_type'), this.tensors.map(({ dtype }) => dtype));
  }

  get weightFiles(): readonly string[] {
    return this.file.paths;
  }

  checkWeights(expected: readonly WeightSpec[]): void {
    checkWeights(this.path, this.tensors, expected);
  }

  async readWeights(into: (name: string, shape: readonly number[]) => Float32Array, expected: readonly WeightSpec[]): Promise<void> {
    this.checkWeights(expected);
    for (const spec of expected) await fillRows(spec, this.pieces(spec.name), into);
  }

  pieces(name: string): AsyncIterable<Float32Array> {
    return restoredPieces(this.file, this.find(name));
  }

  place(name: string): WeightPlace {
    const { source, layout, shape } = this.find(name);
    const [rows, width] = (layout === 'transposed' ? [...shape].reverse() : shape) as [number, number];
    return {
      ...this.file.place(source), rows, width,
      // The types that can be read are those that can be computed with.
      encoding: this.file.type(source) as FileEncoding,
      isTurned: layout === 'transposed',
      pairedHeads: typeof layout === 'object' && 'rotary' in layout ? layout.rotary.headDim : null,
      joinedHeads: typeof layout === 'object' && 'joined' in layout ? layout.joined.heads : null,
    };
  }

  private find(name: string): PlannedTensor {
    const planned = this.planned.get(name);
    if (!planned) throw new Error(`${this.path} has no weight ${name}`);
    return planned;
  }
}
