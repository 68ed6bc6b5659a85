import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ON_DISK } from '../../../src-main/files/byte-source.ts';
import { readHeader } from '../../../src-main/model/gguf/header.ts';
import { Metadata, type MetadataValue } from '../../../src-main/model/gguf/metadata.ts';
import { planTokenizer } from '../../../src-main/model/gguf/tokenizer-files.ts';
import { python } from '../../support/requires.ts';

/** llama.cpp's source, and a folder of folders with a published tokenizer.json each. */
const LLAMA_CPP = process.env['LLAMA_CPP'] ?? '';
const TOKENIZERS = process.env['PUBLISHED_TOKENIZERS'] ?? '';

interface Published { readonly family: string; /** A folder of PUBLISHED_TOKENIZERS, or the name of a vocabulary of llama.cpp's. */ readonly tokenizer: string; /** A chat template of llama.cpp's collection; the tokenizer's own where it is left out. */ readonly template?: string }

/** A family of ours with a tokenizer that its models have, or one that is split alike. */
export const PUBLISHED: Readonly<Record<string, Published>> = {
  'llama': { family: 'llama', tokenizer: 'tokenizer-llama3_1', template: 'meta-llama-Llama-3.2-3B-Instruct' },
  'llama-2': { family: 'llama2', tokenizer: 'tokenizer-llama2' },
  'llama-spm': { family: 'llama2', tokenizer: 'ggml-vocab-llama-spm' },
  'deepseek-distill': { family: 'llama2', tokenizer: 'tokenizer-deepseek_v3', template: 'deepseek-ai-DeepSeek-R1-Distill-Llama-8B' },
  'deepseek-coder': { family: 'llama2', tokenizer: 'ggml-vocab-deepseek-coder' },
  'deepseek-llm': { family: 'llama2', tokenizer: 'ggml-vocab-deepseek-llm' },
  'starcoder': { family: 'llama2', tokenizer: 'ggml-vocab-starcoder' },
  'command-r': { family: 'llama2', tokenizer: 'ggml-vocab-command-r' },
  'falcon': { family: 'llama2', tokenizer: 'ggml-vocab-falcon' },
  'mpt': { family: 'llama2', tokenizer: 'ggml-vocab-mpt' },
  'mistral-nemo': { family: 'mistral', tokenizer: 'tokenizer-mistral_nemo', template: 'mistralai-Mistral-Nemo-Instruct-2407' },
  'qwen2': { family: 'qwen2', tokenizer: 'tokenizer-qwen2_5', template: 'Qwen-Qwen2.5-7B-Instruct' },
  'qwen2-vocab': { family: 'qwen2', tokenizer: 'ggml-vocab-qwen2' },
  'qwen3': { family: 'qwen3', tokenizer: 'tokenizer-qwen3', template: 'Qwen-Qwen3-0.6B' },
  'gemma2': { family: 'gemma2', tokenizer: 'tokenizer-gemma3', template: 'google-gemma-2-2b-it' },
  'gemma3': { family: 'gemma3', tokenizer: 'tokenizer-gemma3' },
  'smollm3': { family: 'smollm3', tokenizer: 'tokenizer-llama3_1', template: 'HuggingFaceTB-SmolLM3-3B' },
  'granite': { family: 'granite', tokenizer: 'ggml-vocab-refact', template: 'ibm-granite-granite-3.3-2B-Instruct' },
  'phi3': { family: 'phi3', tokenizer: 'ggml-vocab-phi-3', template: 'microsoft-Phi-3.5-mini-instruct' },
  'olmo2': { family: 'olmo2', tokenizer: 'tokenizer-qwen2_5' },
  'olmo3': { family: 'olmo3', tokenizer: 'tokenizer-llama3_1' },
  'ministral3': { family: 'ministral3', tokenizer: 'tokenizer-mistral_nemo', template: 'mistralai-Ministral-3-14B-Reasoning-2512' },
  'glm4': { family: 'glm4', tokenizer: 'tokenizer-qwen3' },
  'gpt-oss-words': { family: 'qwen3', tokenizer: 'tokenizer-gptoss', template: 'openai-gpt-oss-120b' },
  'stablelm': { family: 'stablelm', tokenizer: 'ggml-vocab-gpt-2' },
  'lfm2': { family: 'lfm2', tokenizer: 'tokenizer-llama3_1', template: 'LFM2.5-Instruct' },
  'gpt-neox': { family: 'gpt-neox', tokenizer: 'ggml-vocab-gpt-2' },
  'gpt2': { family: 'gpt2', tokenizer: 'ggml-vocab-gpt-2' },
};

/** What is asked of each: chats, and plain texts. */
export const QUESTIONS = [
  'Which is the largest planet?', 'What is 17 times 23? Answer with the number.', 'Write a haiku about rain.', 'Translate "good morning" into 日本語.', 'Why is the sky blue?',
  'List three rivers:\n1.', 'def fib(n):\n    return', 'I\'ve been told we\'ll win 3 to 1; isn\'t that so?', 'Naïve café, 100 €… ✓ 😀', 'x = {"a": [1, 22, 333, 4444]}',
];

/** Makes model folders and llama.cpp's files of them in a folder. @returns what failed there, by name */
export async function convertPublished(to: string, names: readonly string[]): Promise<void> {
  const cases = await Promise.all(names.filter((name) => !existsSync(join(to, `${name}.gguf`))).map(async (name) => {
    const { family, tokenizer, template } = PUBLISHED[name]!;
    const vocabulary = join(LLAMA_CPP, 'models', `${tokenizer}.gguf`);
    const folder = existsSync(vocabulary) ? await fromVocabulary(vocabulary, join(to, `${name}-tokenizer`)) : join(TOKENIZERS, tokenizer);
    return { name, family, tokenizer: folder, template: template === undefined ? null : join(LLAMA_CPP, 'models', 'templates', `${template}.jinja`) };
  }));
  if (cases.length === 0) return;
  const list = join(to, 'cases.json');
  await writeFile(list, JSON.stringify(cases));
  execFileSync(python()!, ['test/export/gguf/convert_published.py', to, list], { stdio: 'ignore' });
}

/** A vocabulary of llama.cpp's as a tokenizer's files. */
async function fromVocabulary(path: string, to: string): Promise<string> {
  const metadata = new Metadata(path, await metadataOf(path));
  const { tokenizer, tokenizerConfig } = planTokenizer(metadata, { vocabSize: metadata.texts('tokenizer.ggml.tokens')!.length, contextLength: 512 });
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(to, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  return to;
}

export async function metadataOf(path: string): Promise<ReadonlyMap<string, MetadataValue>> {
  const file = await ON_DISK.open(path);
  try {
    return (await readHeader(path, file)).metadata;
  } finally {
    await file.close();
  }
}

/** Why llama.cpp's converter made no file; null where it did. */
export async function whyNot(to: string, name: string): Promise<string | null> {
  return existsSync(join(to, `${name}.error`)) ? `${basename(to)}: ${await readFile(join(to, `${name}.error`), 'utf8')}` : null;
}
