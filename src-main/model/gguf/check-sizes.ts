import { Problem } from '../../contract/problem.ts';
import type { GgufFile } from './gguf-file.ts';

/** Sides of tensors, by llama.cpp's names without the architecture before each. */
const SIDES = [
  'embedding_length', 'feed_forward_length', 'expert_feed_forward_length', 'expert_count', 'attention.head_count', 'attention.head_count_kv', 'attention.key_length',
  'attention.value_length', 'attention.relative_buckets_count', 'rope.dimension_count', 'shortconv.l_cache',
] as const;
/** Numbers of layers: each has tensors of its own. */
const LAYERS = ['block_count', 'decoder_block_count'] as const;

/**
 * Compares the sizes in the metadata with the tensors of the file, before anything is made as large as they say. Whether
 * each tensor has its shape is for later. @throws Problem that names the key
 */
export function checkSizes(file: GgufFile, architecture: string): void {
  const names = file.tensorNames;
  const side = names.reduce((most, name) => file.shape(name).reduce((a, b) => Math.max(a, b), most), 0);
  const check = (key: string, most: number, limit: string): void => {
    const value = file.metadata.most(`${architecture}.${key}`);
    if (value !== null && value > most) throw new Problem(`${file.path}: ${architecture}.${key} is ${value}, but ${limit}.`, { hint: 'Copy or download the file again.' });
  };
  for (const key of SIDES) check(key, side, `no tensor of the file is wider than ${side}`);
  for (const key of LAYERS) check(key, names.length, `the file holds no more than ${names.length} tensors`);
}
