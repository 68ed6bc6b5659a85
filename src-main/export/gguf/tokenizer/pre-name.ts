import { PRE_TOKENIZERS, type PreTokenizer } from '../../../model/gguf/pre-tokenizers.ts';
import type { JsonObject } from '../../../files/json-object.ts';
import { Field } from '../../../text/tokenizer/pipeline/field.ts';
import { Pipeline } from '../../../text/tokenizer/pipeline/pipeline.ts';
import { readPreTokenizer } from '../../../text/tokenizer/pipeline/pre-tokenizers.ts';

/** What llama.cpp's converter tells tokenizers apart by, and more of what they differ in. */
const PROBE = [
  '\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u200d🌫️ (multiple emojis concatenated) ✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 ',
  'កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ ------======= нещо на Български \'\'\'\'\'\'```````""""......!!!!!!?????? I\'ve been \'told he\'s there, \'RE you sure? \'M not sure ',
  'I\'ll make it, \'D you like some tea? We\'Ve a\'lL HTTPServer camelCase x2y3 Ünïcödé naïve ǅ ª हिन्दी भाषा ひらがなカタカナ 한국어 $1,234.50 a+b=c/d <tag> {"key": [1, 2]} foo_bar\r\n\r\nend  ',
].join('');

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/** Those that stand for their kind in `tokenizer.ggml.pre`, before others that llama.cpp treats alike. */
const FIRST = ['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'tekken', 'gpt-4o', 'deepseek-v3', 'deepseek-llm', 'deepseek-coder', 'glm4', 'chatglm-bpe', 'falcon', 'qwen35', 'default'];

/**
 * The name by which llama.cpp knows how a tokenizer splits texts: the one whose pieces, or failing that whose tokens, of a long
 * probe are the tokenizer's own. Null where there is none.
 */
export function preTokenizerName(json: JsonObject, file: string): string | null {
  const names = [...FIRST, ...Object.keys(PRE_TOKENIZERS).filter((name) => !FIRST.includes(name))];
  const model = new Field(json, file).at('model');
  const ignoresMerges = model.at('ignore_merges').flag(false);
  const hasNormalizer = new Field(json, file).at('normalizer').value !== null;
  // Where pieces do not tell them apart, the flags do.
  const fits = (name: string): number => Number((PRE_TOKENIZERS[name]!.ignoreMerges ?? false) === ignoresMerges) * 2 + Number((PRE_TOKENIZERS[name]!.normalizer !== undefined) === hasNormalizer);
  const ordered = [...names].sort((left, right) => fits(right) - fits(left));
  const own = readPreTokenizer(new Field(json, file).at('pre_tokenizer'));
  const wanted = piecesOf(own);
  return ordered.find((name) => piecesOf(readPreTokenizer(new Field(jsonOf(PRE_TOKENIZERS[name]!), file))) === wanted) ?? bySameTokens(json, file, ordered);
}

const piecesOf = (split: ReturnType<typeof readPreTokenizer>): string => JSON.stringify(split([{ text: PROBE, atStart: true }]).map(({ text }) => text));

const jsonOf = ({ patterns }: PreTokenizer): JsonObject => ({
  type: 'Sequence', pretokenizers: [...patterns.map((pattern) => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false })), BYTE_LEVEL],
});

/** A small vocabulary may give the same tokens however a text is split. */
function bySameTokens(json: JsonObject, file: string, names: readonly string[]): string | null {
  const tokens = (tokenizer: JsonObject): string => JSON.stringify(new Pipeline(tokenizer, file).encode([PROBE], false).ids);
  const wanted = tokens(json);
  return names.find((name) => tokens({ ...json, pre_tokenizer: jsonOf(PRE_TOKENIZERS[name]!), model: { ...json['model'] as JsonObject, ignore_merges: PRE_TOKENIZERS[name]!.ignoreMerges ?? false } }) === wanted) ?? null;
}
