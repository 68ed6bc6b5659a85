import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../src-main/model/folder.ts';
import { initModel } from '../../src-main/model/init.ts';
import { fixture, temporaryFolder } from './model-fixtures.ts';

const temporary = temporaryFolder();

async function changed(name: 'llama' | 'gpt2', change: Record<string, unknown>): Promise<string> {
  const folder = temporary.path(`${name}-${JSON.stringify(change).replaceAll(/\W/g, '-').slice(0, 60)}`);
  await cp(fixture(name), folder, { recursive: true });
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')) as object, ...change }));
  return folder;
}

describe('sizes in a config', () => {
  it.each([
    ['llama', { hidden_size: 2 ** 31 }], ['llama', { num_hidden_layers: 1e9 }], ['llama', { vocab_size: 2 ** 40 }], ['llama', { num_attention_heads: 2 ** 31 }],
    ['llama', { head_dim: 2 ** 30 }], ['llama', { max_position_embeddings: 1e15 }], ['gpt2', { n_layer: 1e9 }], ['gpt2', { n_embd: 2 ** 31 }], ['gpt2', { n_positions: 2 ** 31 }],
  ] as const)('of %s that the weights do not have are refused: %j', async (name, change) => {
    const [[field, value]] = Object.entries(change) as [[string, number]];
    await expect(openModel(await changed(name, change))).rejects.toThrow(`config.json: ${field} is ${value}, but `);
  });

  it('are bounded where a model is made from them alone', async () => {
    const folder = await changed('llama', { num_hidden_layers: 1e9, vocab_size: 1000 });
    await expect(initModel({ config: folder, tokenizer: folder, to: temporary.path('made'), seed: 0 })).rejects.toThrow('num_hidden_layers is 1000000000, but Retort makes no more than 1000 layers.');
  });

  it('may be nested only so deep', async () => {
    const folder = await changed('llama', {});
    await writeFile(join(folder, 'config.json'), `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    await expect(openModel(folder)).rejects.toThrow('config.json holds lists or objects more than 500 deep inside each other.');
  });
});
