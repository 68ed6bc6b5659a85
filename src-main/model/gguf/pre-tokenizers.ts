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

/** Llama 3 and Qwen 2 differ in how many digits stay together. */
const words = (digits: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** Mistral Nemo: a word begins where capitals do. */
const TEKKEN = '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+'
  + '|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*'
  + '|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const GPT2_LIKE: PreTokenizer = { patterns: [GPT2] };
const DIGIT_BY_DIGIT: PreTokenizer = { patterns: ['\\p{N}', GPT2] };
const LLAMA3: PreTokenizer = { patterns: [words('\\p{N}{1,3}')], ignoreMerges: true, addBos: true };

/** Each as in llama.cpp (src/llama-vocab.cpp), with the original spelling of the models it was made for. */
export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  'gpt-2': GPT2_LIKE,
  smollm: DIGIT_BY_DIGIT,
  starcoder: DIGIT_BY_DIGIT,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  falcon3: LLAMA3,
  qwen2: { patterns: [words('\\p{N}')], normalizer: 'NFC' },
  'deepseek-r1-qwen': { patterns: [words('\\p{N}')] },
  tekken: { patterns: [TEKKEN], ignoreMerges: true, addBos: true },
  // What llama.cpp does with files that do not say.
  default: { patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
};
