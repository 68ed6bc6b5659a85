import { Problem } from '../../contract/problem.ts';
import { PRE_TOKENIZERS, type PreTokenizer } from './pre-tokenizers.ts';
import type { TokenizerParts } from './tokenizer-parts.ts';
import type { Vocabulary } from './vocabulary.ts';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/** Tokens over bytes, joined in the order of a list of merges (GPT-2, Llama 3, Qwen). */
export function byteLevelBpe(vocabulary: Vocabulary): TokenizerParts {
  const { metadata } = vocabulary;
  const pre = preTokenizerOf(vocabulary);
  const merges = metadata.required('tokenizer.ggml.merges', metadata.texts('tokenizer.ggml.merges'));
  const ids = vocabulary.ids();
  checkMerges(metadata.path, merges, ids);
  return {
    normalizer: pre.normalizer ? { type: pre.normalizer } : null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...pre.patterns.map((pattern) => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false })),
        BYTE_LEVEL,
      ],
    },
    decoder: BYTE_LEVEL,
    model: {
      type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false,
      byte_fallback: false, ignore_merges: pre.ignoreMerges ?? false, vocab: Object.fromEntries(ids), merges,
    },
    addBos: pre.addBos ?? false,
  };
}

function preTokenizerOf({ metadata }: Vocabulary): PreTokenizer {
  const name = metadata.text('tokenizer.ggml.pre') ?? 'default';
  const pre = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined;
  if (!pre) throw metadata.unsupported('tokenizer.ggml.pre', `Retort knows the pre-tokenizers ${Object.keys(PRE_TOKENIZERS).join(', ')}.`);
  return pre;
}

function checkMerges(path: string, merges: readonly string[], ids: ReadonlyMap<string, number>): void {
  for (const merge of merges) {
    const [left, right, ...rest] = merge.split(' ');
    if (right !== undefined && rest.length === 0 && ids.has(left! + right)) continue;
    throw new Problem(`${path}: the merge "${merge}" in tokenizer.ggml.merges does not give a token`, { hint: 'Convert the model again with a current llama.cpp.' });
  }
}
