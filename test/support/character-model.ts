import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import { initModel } from '../../src-main/model/init.ts';

/** As byte-level vocabularies spell them. */
const SPELLED: Readonly<Record<string, string>> = { ' ': 'Ġ', '\n': 'Ċ' };

/** A small untrained llama whose tokens are these characters. @returns its folder */
export async function characterModel(folder: string, characters = '0123456789+-*/()=<>.,%#QA: \n', contextLength = 96): Promise<string> {
  const tokenizer = `${folder}-tokenizer`;
  await mkdir(tokenizer, { recursive: true });
  const files = tokenizerFiles(Array.from(characters, (character) => SPELLED[character] ?? character).join(''));
  for (const [name, content] of Object.entries(files)) await writeFile(join(tokenizer, name), JSON.stringify(content));
  const config = `${folder}.json`;
  await writeFile(config, JSON.stringify({
    architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: characters.length + 2, hidden_size: 32, intermediate_size: 64,
    num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: contextLength, rms_norm_eps: 1e-5,
    rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: 0.2,
  }));
  await initModel({ config, tokenizer, to: folder, seed: 1 });
  return folder;
}
