import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { JsonObject } from '../../files/json-object.ts';
import type { ModelConfig } from '../../nn/config.ts';
import { isTarget, modulesOf } from '../../nn/adapters/modules.ts';
import { adapterParameters, type Adapters } from '../../nn/weights/adapted.ts';
import type { ModelFiles } from '../model-files.ts';
import { writeSafetensors } from '../safetensors-write.ts';
import { writeJson } from '../write-folder.ts';
import { BASE, describeBase } from './base-model.ts';
import { CONFIG } from './peft-config.ts';
import { PREFIX, WEIGHTS } from './saved-adapter.ts';

export interface AdapterToWrite {
  readonly base: ModelFiles;
  readonly adapters: Adapters;
  readonly dropout: number;
  /** Where it was trained on from another: that one's config, which knows more of it. */
  readonly from: JsonObject | null;
  /** The weights of a parameter. */
  weights(name: string): Float32Array;
}

/** Writes an adapter into a folder that does not exist yet, as PEFT saves it; its files are on the disk when it returns. */
export async function writeAdapter(folder: string, adapter: AdapterToWrite): Promise<void> {
  await mkdir(folder);
  await writeAdapterFiles(folder, adapter);
}

/** The same into a folder that is there. */
export async function writeAdapterFiles(folder: string, { base, adapters, dropout, from, weights }: AdapterToWrite): Promise<void> {
  await writeJson(join(folder, CONFIG), { ...from ?? configOf(base.config, adapters), base_model_name_or_path: resolve(base.path), lora_dropout: dropout, inference_mode: true });
  await writeJson(join(folder, BASE), await describeBase(base));
  await writeSafetensors(join(folder, WEIGHTS), adapterParameters(adapters).map(({ name, shape }) => ({ name: PREFIX + name, shape, data: weights(name) })), 'F32');
}

/** An adapter_config.json of adapters that share a rank and a scale. */
function configOf(config: ModelConfig, adapters: Adapters): JsonObject {
  const [{ rank, scale, matrix }] = [...adapters.values()] as [ReturnType<Adapters['get']> & object];
  return {
    peft_type: 'LORA', task_type: config.family === 't5' ? 'SEQ_2_SEQ_LM' : 'CAUSAL_LM',
    r: rank, lora_alpha: scale * rank, bias: 'none', target_modules: targetsOf(config, adapters), fan_in_fan_out: matrix.layout === 'in-out',
  };
}

/** The ends of names that mean these matrices and no others; their whole names where there are none. */
function targetsOf(config: ModelConfig, adapters: Adapters): string[] {
  const chosen = new Set([...adapters.values()].map(({ module }) => module));
  const ends = [...new Set([...chosen].map((module) => module.slice(module.lastIndexOf('.') + 1)))];
  const meant = modulesOf(config).filter(({ name }) => ends.some((end) => isTarget(name, end)));
  return meant.length === chosen.size ? ends : [...chosen];
}
