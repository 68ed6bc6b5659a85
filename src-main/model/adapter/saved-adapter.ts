import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { modulesOf } from '../../nn/adapters/modules.ts';
import { adapterParameters, type Adapters, type LowRank } from '../../nn/weights/adapted.ts';
import type { ModelFiles } from '../model-files.ts';
import { SafetensorsFile, type TensorInfo } from '../safetensors-read.ts';
import { CONFIG, MERGE, readPeftConfig, sizeOfAdapter, type PeftConfig } from './peft-config.ts';

export const WEIGHTS = 'adapter_model.safetensors';
/** What PEFT puts before the names of the base model's modules. */
export const PREFIX = 'base_model.model.';

/** An adapter as PEFT saves it; its weights are still on the disk. */
export interface SavedAdapter {
  readonly path: string;
  readonly config: PeftConfig;
  readonly adapters: Adapters;
  /** What holds its weights. */
  readonly file: string;
  /** Reads every weight into the memory that `into` gives for it. */
  read(into: (name: string) => Float32Array): Promise<void>;
  /** @throws Problem where it brings a matrix of the base model with it that is another there: PEFT would put it in its place. */
  checkBrought(base: Pick<ModelFiles, 'path' | 'pieces'>): Promise<void>;
}

/** Whether a folder holds an adapter. */
export const isAdapter = (folder: string): boolean => existsSync(join(folder, CONFIG));

/** Understands an adapter beside its base model. @throws Problem where it does not fit the model, or is of a kind that Retort does not support */
export async function openAdapter(path: string, model: ModelConfig, config?: PeftConfig): Promise<SavedAdapter> {
  const settings = config ?? await readPeftConfig(path);
  const weights = join(path, WEIGHTS);
  if (!existsSync(weights)) {
    throw new Problem(`${path} has no ${WEIGHTS}.`, {
      hint: existsSync(join(path, 'adapter_model.bin')) ? 'It has adapter_model.bin: save the adapter again with PEFT\'s save_pretrained.' : 'Expected an adapter as PEFT saves it.',
    });
  }
  const file = await SafetensorsFile.open(weights);
  const adapters = adaptersIn(file, settings, join(path, CONFIG), model);
  const parameters = adapterParameters(adapters);
  checkShapes(file, parameters);
  return {
    path, config: settings, adapters, file: weights,
    read: async (into) => { for (const { name } of parameters) await file.read(PREFIX + name, into(name)); },
    checkBrought: async (base) => {
      for (const { module, matrix } of adapters.values()) {
        const name = `${PREFIX}${module}.base_layer.weight`;
        if (file.tensors.some((tensor) => tensor.name === name)) await checkSame(file, name, base, matrix);
      }
    },
  };
}

/** Half precision, which an adapter may have been saved in beside a base model of another. */
const ROUNDED = 2 ** -8;

async function checkSame(file: SafetensorsFile, name: string, base: Pick<ModelFiles, 'path' | 'pieces'>, { name: weight, shape }: LowRank['matrix']): Promise<void> {
  const brought = new Float32Array(sizeOf(shape));
  const size = sizeOf(file.tensors.find((tensor) => tensor.name === name)!.shape);
  let isSame = size === brought.length;
  if (isSame) await file.read(name, brought);
  let at = 0;
  for await (const piece of base.pieces(weight)) {
    isSame &&= piece.every((value, place) => Math.abs(value - brought[at + place]!) <= ROUNDED * Math.abs(value) + Number.EPSILON);
    if (!isSame) break;
    at += piece.length;
  }
  if (isSame) return;
  throw new Problem(`${file.path} brings ${weight} with it, and it is another than that of ${base.path}.`, {
    hint: 'PEFT would put it in its place. Merge the adapter in Python: PeftModel.from_pretrained(base, folder).merge_and_unload().save_pretrained(to).',
  });
}

function adaptersIn({ tensors, path }: SafetensorsFile, config: PeftConfig, configPath: string, model: ModelConfig): Adapters {
  const modules = new Map(modulesOf(model).map((module) => [module.name, module]));
  const named = new Set<string>();
  for (const { name } of tensors) {
    const [, module] = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/.exec(name) ?? [];
    // PEFT saves an output layer that has an adapter as it is, too.
    if (/\.base_layer\.weight$/.test(name)) continue;
    const [, table] = /^base_model\.model\.(.+)\.lora_embedding_[AB]$/.exec(name) ?? [];
    if (table !== undefined) throw new Problem(`${path} has an adapter for the rows of ${table}, which Retort does not support: it adapts matrices that are multiplied with.`, { hint: MERGE });
    if (module === undefined) throw unfit(path, `holds ${name}, which is no LoRA matrix`);
    if (!modules.has(module)) throw unfit(path, `has an adapter for ${module}, which is no matrix of the base model that can have one`);
    named.add(module);
  }
  if (named.size === 0) throw unfit(path, 'holds no LoRA matrices');
  return new Map([...modules.values()].filter(({ name }) => named.has(name)).map(({ name: module, matrix }): [string, LowRank] => (
    [matrix.name, { module, matrix, ...sizeOfAdapter(config, configPath, module) }])));
}

function checkShapes({ tensors, path }: SafetensorsFile, parameters: readonly { name: string; shape: readonly number[] }[]): void {
  const found = new Map<string, TensorInfo>(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, shape } of parameters) {
    const tensor = found.get(PREFIX + name);
    if (!tensor) throw unfit(path, `lacks ${PREFIX}${name}`);
    if (tensor.shape.join() !== shape.join()) throw unfit(path, `has ${name} of shape [${tensor.shape.join(', ')}], and [${shape.join(', ')}] fits the base model and the ranks of ${CONFIG}`);
  }
}

const unfit = (path: string, what: string): Problem => new Problem(`${path} ${what}.`, { hint: 'Check that the adapter belongs to this base model and was saved whole.' });

