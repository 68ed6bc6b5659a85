import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { isFloatFormat } from './float-formats.ts';
import { readJsonFile } from '../files/json-file.ts';
import { isJsonObject } from '../files/json-object.ts';
import { SafetensorsFile, unreadable, type TensorInfo } from './safetensors-read.ts';

/** A tensor and the file of the folder that holds it. */
export interface StoredTensor { readonly info: TensorInfo; readonly file: SafetensorsFile }

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Every tensor of a model folder, from one file or from the shards that the index names. Throws a `Problem`. */
export async function listStoredTensors(folder: string): Promise<StoredTensor[]> {
  const single = join(folder, SINGLE);
  if (existsSync(single)) return tensorsOf(await SafetensorsFile.open(single));
  const index = join(folder, INDEX);
  const contents = await readJsonFile(index);
  if (!contents) throw noWeights(folder);
  return readShards(folder, index, contents['weight_map']);
}

/** Throws a `Problem` if the tensor's format is not one that can be read. */
export function checkReadable({ info, file }: StoredTensor): void {
  if (!isFloatFormat(info.dtype)) throw unreadable(file.path, info);
}

async function readShards(folder: string, index: string, weightMap: unknown): Promise<StoredTensor[]> {
  const shardOf = isJsonObject(weightMap) ? Object.entries(weightMap) : [];
  const strange = shardOf.find(([, shard]) => typeof shard !== 'string' || basename(shard) !== shard);
  if (shardOf.length === 0 || strange) throw new Problem(`${index} is damaged: its weight_map does not name a file of the folder for every tensor`);

  const names = [...new Set(shardOf.map(([, shard]) => String(shard)))].sort();
  const missing = names.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    throw new Problem(`${folder} lacks ${missing.join(', ')}, named by ${INDEX}`, { hint: 'Copy or download the missing files.' });
  }
  const shards = new Map<string, StoredTensor[]>();
  for (const name of names) shards.set(name, tensorsOf(await SafetensorsFile.open(join(folder, name))));
  for (const [tensor, shard] of shardOf) {
    if (!shards.get(String(shard))!.some(({ info }) => info.name === tensor)) {
      throw new Problem(`${join(folder, String(shard))} lacks the tensor ${tensor}, which ${INDEX} says it holds`);
    }
  }
  return [...shards.values()].flat();
}

function tensorsOf(file: SafetensorsFile): StoredTensor[] {
  return file.tensors.map((info) => ({ info, file }));
}

function noWeights(folder: string): Problem {
  const other = ['pytorch_model.bin', 'pytorch_model.bin.index.json', 'tf_model.h5', 'flax_model.msgpack'].find((name) => existsSync(join(folder, name)));
  return new Problem(`${folder} has neither ${SINGLE} nor ${INDEX}`, {
    hint: other ? `It has ${other}: save the model again as safetensors with Transformers' save_pretrained.` : 'Expected the folder of a Hugging Face model.',
  });
}
