import { cp } from 'node:fs/promises';
import { join } from 'node:path';

const WEIGHTS = ['config.json', 'model.safetensors'];
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json'];

/**
 * A whole folder of a tiny encoder-decoder with a Unigram tokenizer: the random weights of a fixture, or `trained` to
 * write German for English, word for word.
 */
export async function t5Model(name: 't5' | 't5-wide-heads' | 'flan' | 'trained', to: string): Promise<string> {
  const weights = name === 'trained' ? 'test/fixtures/t5-trained' : join('test/fixtures/engine/t5', name);
  for (const file of WEIGHTS) await cp(join(weights, file), join(to, file));
  for (const file of TOKENIZER) await cp(join('test/fixtures/t5-tokenizer', file), join(to, file));
  return to;
}
