import { ALPHABET } from './task.ts';

const END = '</s>';
const BEGIN = '<s>';

/** A tokenizer whose tokens are characters, those of the task, in the files of a Hugging Face model folder. */
export function tokenizerFiles(alphabet: string = ALPHABET): Record<string, unknown> {
  const specials = [BEGIN, END];
  const vocabulary = Object.fromEntries([...specials, ...alphabet].map((token, id) => [token, id]));
  const added = (content: string, id: number): object =>
    ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  return {
    'tokenizer.json': {
      version: '1.0', truncation: null, padding: null,
      added_tokens: specials.map(added),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: BEGIN, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { [BEGIN]: { id: BEGIN, ids: [0], tokens: [BEGIN] } },
      },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
        fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: vocabulary, merges: [],
      },
    },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast', bos_token: BEGIN, eos_token: END, pad_token: END, model_max_length: 96, clean_up_tokenization_spaces: false,
    },
    'generation_config.json': { bos_token_id: 0, eos_token_id: 1, pad_token_id: 1 },
  };
}
