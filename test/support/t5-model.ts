import { cp } from 'node:fs/promises';
import { join } from 'node:path';

const WEIGHTS = ['config.json', 'model.safetensors'];
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json'];

/** A whole folder of a tiny encoder-decoder: the random weights of a fixture with a Unigram tokenizer. */
export async function t5Model(name: 't5' | 't5-wide-heads' | 'flan', to: string): Promise<string> {
  for (const file of WEIGHTS) await cp(join('test/fixtures/engine/t5', name, file), join(to, file));
  for (const file of TOKENIZER) await cp(join('test/fixtures/t5-tokenizer', file), join(to, file));
  return to;
}
