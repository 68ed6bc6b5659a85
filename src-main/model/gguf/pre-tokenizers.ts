import { CASED_LETTERS } from './cased-letters.ts';

/** What a name in `tokenizer.ggml.pre` stands for. */
export interface PreTokenizer {
  /** Patterns that split the text one after the other; what lies between matches stays as a piece of its own. */
  readonly patterns: readonly string[];
  /** Words that are tokens are taken as such, without asking the merges. */
  readonly ignoreMerges?: true;
  /** A text begins with BOS unless the file says otherwise. */
  readonly addBos?: true;
  /** Unicode normalization of the text, which the names imply but llama.cpp omits. */
  readonly normalizer?: 'NFC';
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

/** Llama 3 and Qwen 2 differ in how many digits stay together, Qwen 3.5 in that marks belong to letters. */
const words = (digits: string, letters = '\\p{L}'): string =>
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?${letters === '\\p{L}' ? letters : `[${letters}]`}+|${digits}| ?[^\\s${letters}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** Mistral Nemo and GPT-4o: a word begins where capitals do. */
const capitals = (digits: string, behind: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${behind}`
  + `|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${behind}`
  + `|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const DEEPSEEK3 = '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
/** Chinese, and with it what stands between the Samaritan and the Korean letters. */
const EAST_ASIAN = '[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+';

const GPT2_LIKE: PreTokenizer = { patterns: [GPT2] };
const DIGIT_BY_DIGIT: PreTokenizer = { patterns: ['\\p{N}', GPT2] };
const LLAMA3: PreTokenizer = { patterns: [words('\\p{N}{1,3}')], ignoreMerges: true, addBos: true };
const GPT4: PreTokenizer = { patterns: [words('\\p{N}{1,3}')] };
const GLM4: PreTokenizer = { ...GPT4, ignoreMerges: true };
const QWEN2: PreTokenizer = { patterns: [words('\\p{N}')] };
/** OpenAI's own program takes words that are tokens as such, which llama.cpp leaves to the merges. */
const GPT4O: PreTokenizer = { patterns: [capitals('\\p{N}{1,3}', `${CONTRACTION}?`)], ignoreMerges: true };

/** Each as in llama.cpp (src/llama-vocab.cpp), with the original spelling of the models it was made for. */
export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  ...named(GPT2_LIKE, 'gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'exaone4', 'gigachat', 'a.x-4.0', 'mellum', 'trillion', 'granite-docling'),
  ...named(DIGIT_BY_DIGIT, 'smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'),
  ...named(LLAMA3, 'llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'),
  ...named(GPT4, 'dbrx', 'smaug-bpe', 'chatglm-bpe'),
  ...named(GLM4, 'glm4', 'glm5'),
  ...named(QWEN2, 'deepseek-r1-qwen', 'megrez', 'stablelm2', 'hunyuan', 'solar-open', 'kormo'),
  ...named(GPT4O, 'gpt-4o', 'llama4', 'kanana2'),
  qwen2: { ...QWEN2, normalizer: 'NFC' },
  qwen35: { patterns: [words('\\p{N}', '\\p{L}\\p{M}')] },
  tekken: { patterns: [capitals('\\p{N}', '')], ignoreMerges: true, addBos: true },
  falcon: { patterns: ['[\\p{P}\\$\\+<=>\\^~\\|`]+', GPT2, '[0-9][0-9][0-9]'] },
  'deepseek-llm': { patterns: ['[\\r\\n]', `\\s?[${CASED_LETTERS}]+`, '\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+', '\\s+$', EAST_ASIAN, '\\p{N}+'] },
  'deepseek-coder': { patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', EAST_ASIAN, '\\p{N}'] },
  'deepseek-v3': { patterns: ['\\p{N}{1,3}', '[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+', DEEPSEEK3] },
  // What llama.cpp does with files that do not say.
  default: { patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
};

function named(pre: PreTokenizer, ...names: readonly string[]): Record<string, PreTokenizer> {
  return Object.fromEntries(names.map((name) => [name, pre]));
}
