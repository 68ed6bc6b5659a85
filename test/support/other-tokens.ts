import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenizerFiles } from '../../resources/sample/tokenizer.ts';
import { ALPHABET } from '../../resources/sample/task.ts';
import { initModel } from '../../src-main/model/init.ts';
import { openModel } from '../../src-main/model/folder.ts';
import type { ModelFiles } from '../../src-main/model/model-files.ts';
import { publishModel } from '../../src-main/model/write-folder.ts';
import { listParameters } from '../../src-main/nn/build.ts';

interface TokenizerJson {
  added_tokens: { id: number; content: string }[];
  post_processor: { special_tokens: Record<string, { ids: number[] }> };
  model: { vocab: Record<string, number>; merges: string[] };
}

/** A model that says the same by other ids: old id `at` is `order[at]` in what is written to `to`. */
export async function permuted(from: string, to: string, order: readonly number[]): Promise<string> {
  const folder = await openModel(from);
  const parameters = listParameters(folder.config);
  const weights = await weightsIn(folder);
  await publishModel(to, {
    from: folder, precision: 'fp32', tensors: parameters.map(({ name, shape }) => {
      const data = weights.get(name)!;
      return { name, shape, data: /embed_tokens|lm_head/.test(name) ? inOrder(data, shape[1]!, order) : data };
    }),
  });
  const json = JSON.parse(await readFile(join(from, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  const { model, added_tokens: added, post_processor: { special_tokens: special } } = json;
  model.vocab = Object.fromEntries(Object.entries(model.vocab).map(([token, id]) => [token, order[id]!]));
  for (const token of added) token.id = order[token.id]!;
  for (const token of Object.values(special)) token.ids = token.ids.map((id) => order[id]!);
  await writeFile(join(to, 'tokenizer.json'), JSON.stringify(json));
  for (const name of ['config.json', 'generation_config.json']) {
    const settings = JSON.parse(await readFile(join(to, name), 'utf8')) as Record<string, unknown>;
    for (const [key, value] of Object.entries(settings)) if (/_token_id$/.test(key)) settings[key] = order[value as number];
    await writeFile(join(to, name), JSON.stringify(settings));
  }
  return to;
}

export async function weightsIn(folder: ModelFiles): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  await folder.readWeights((name, shape) => {
    const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
    weights.set(name, data);
    return data;
  }, listParameters(folder.config));
  return weights;
}

function inOrder(rows: Float32Array, width: number, order: readonly number[]): Float32Array {
  const moved = new Float32Array(rows.length);
  order.forEach((to, from) => moved.set(rows.subarray(from * width, (from + 1) * width), to * width));
  return moved;
}

/** Words of the sample's language that are one token each. */
const PIECES = ['+1', '+2', '+3', '-4', '=1', '=2', '=3', ';#', ';1', '12', '34', '56'];

/** The sample's tokenizer with longer tokens as well, and ids and special tokens of its own. */
function longerTokens(pieces: readonly string[] = PIECES): Record<string, unknown> {
  const files = structuredClone(tokenizerFiles()) as { 'tokenizer.json': TokenizerJson; 'tokenizer_config.json': Record<string, unknown> } & Record<string, unknown>;
  const json = files['tokenizer.json'];
  const tokens = ['<begin>', '<end>', ...[...ALPHABET].reverse(), ...pieces];
  json.model.vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  json.model.merges = pieces.map((piece) => `${piece[0]} ${piece[1]}`);
  json.added_tokens = json.added_tokens.map((token, id) => ({ ...token, content: tokens[id]! }));
  (json.post_processor as unknown) = {
    type: 'TemplateProcessing', single: [{ SpecialToken: { id: '<begin>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }], special_tokens: { '<begin>': { id: '<begin>', ids: [0], tokens: ['<begin>'] } },
  };
  Object.assign(files['tokenizer_config.json'], { bos_token: '<begin>', eos_token: '<end>', pad_token: '<end>' });
  return files;
}

/** A small untrained model with `longerTokens`. */
export async function otherModel(to: string, seed: number, { layers = 2, width = 32, range = 0.2 } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-tokens-'));
  const files = longerTokens();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content));
  await writeFile(join(folder, 'config.json'), JSON.stringify({
    architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 2 + ALPHABET.length + PIECES.length, hidden_size: width, intermediate_size: 2 * width,
    num_hidden_layers: layers, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 96, rms_norm_eps: 1e-5,
    rope_theta: 10000, tie_word_embeddings: true, hidden_act: 'silu', bos_token_id: 0, eos_token_id: 1, initializer_range: range,
  }));
  await initModel({ config: join(folder, 'config.json'), tokenizer: folder, to, seed });
  await rm(folder, { recursive: true });
  return to;
}

