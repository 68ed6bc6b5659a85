import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WeightPrecision } from '../../contract/model-description.ts';
import { readConfig } from '../config/read-config.ts';
import { refuseOnlyTeaches } from '../only-teaches.ts';
import { namesOf } from '../precision.ts';
import { writeSafetensors } from '../safetensors-write.ts';
import { publishFolder, writeConfig, writeJson } from '../write-folder.ts';
import { planImport } from './architecture.ts';
import { GgufFile } from './gguf-file.ts';
import type { Plan, PlannedTensor } from './plan.ts';
import { restoredPieces } from './restore.ts';
import { planTokenizer } from './tokenizer-files.ts';

export interface ImportOptions {
  /** How the weights are written. */
  readonly precision: WeightPrecision;
  /** Weights written so far and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ImportedModel {
  /** `model_type` of the new folder. */
  readonly modelType: string;
  readonly parameters: number;
  /** What the file leaves open and may be wrong, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Turns a GGUF file into the new Hugging Face model folder `to`. Everything is checked before anything is written, and
 * the folder appears only when it is whole.
 * @throws Problem naming what Retort does not support or what is wrong with the file; of kind failure if writing fails.
 */
export async function importGguf(source: string, to: string, { precision, onProgress }: ImportOptions): Promise<ImportedModel> {
  const file = await GgufFile.open(source);
  const plan = await planImport(file);
  refuseOnlyTeaches(source, readConfig(source, plan.config), 'as a file it is ready for that as it lies');
  const { tokenizer, tokenizerConfig, generationConfig, warnings } = planTokenizer(file.metadata, plan);
  const { format, dtype } = namesOf(precision);
  const parameters = plan.tensors.reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  let written = 0;

  await publishFolder(to, async (folder) => {
    await mkdir(folder);
    const tensors = plan.tensors.map((tensor) => ({ name: tensor.name, shape: tensor.shape, data: counted(tensor) }));
    await writeSafetensors(join(folder, 'model.safetensors'), tensors, format);
    await writeConfig(join(folder, 'config.json'), { ...plan.config, ...generationConfig, torch_dtype: dtype });
    await writeJson(join(folder, 'generation_config.json'), generationConfig);
    await writeJson(join(folder, 'tokenizer.json'), tokenizer);
    await writeJson(join(folder, 'tokenizer_config.json'), tokenizerConfig);
  });
  return { modelType: plan.modelType, parameters, warnings: [...warnings, ...unsaidWindow(source, plan.config)] };

  async function* counted(tensor: PlannedTensor): AsyncGenerator<Float32Array> {
    for await (const piece of restoredPieces(file, tensor)) {
      yield piece;
      written += piece.length;
      onProgress?.(written, parameters);
    }
  }
}

/** GGUF has no word for the sliding window of the first Mistral 7B, which looks like any llama but for its sizes. */
function unsaidWindow(path: string, { hidden_size: hidden, intermediate_size: inner, num_key_value_heads: heads, rope_theta: theta, num_hidden_layers: layers }: Plan['config']): string[] {
  const isFirstMistral = hidden === 4096 && inner === 14336 && layers === 32 && heads === 8 && theta === 10_000;
  return isFirstMistral ? [`${path} has the sizes of Mistral 7B v0.1, whose attention looks back 4096 tokens; GGUF does not say so, and texts longer than that will differ.`] : [];
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
