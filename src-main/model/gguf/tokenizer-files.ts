import type { Metadata } from './metadata.ts';
import { byteLevelBpe } from './byte-level-bpe.ts';
import { sentencePieceBpe } from './sentencepiece-bpe.ts';
import { sentencePieceUnigram } from './sentencepiece-unigram.ts';
import type { TokenizerParts } from './tokenizer-parts.ts';
import { Vocabulary, type SpecialRole } from './vocabulary.ts';

export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly tokenizerConfig: object;
  readonly generationConfig: object;
  /** What the file leaves open, in sentences. */
  readonly warnings: readonly string[];
}

/** Rebuilds the tokenizer's files. Throws a `Problem` that names a kind of tokenizer which Retort does not support. */
export function planTokenizer(metadata: Metadata, model: { readonly vocabSize: number; readonly contextLength: number }): TokenizerFiles {
  const vocabulary = new Vocabulary(metadata, model.vocabSize);
  const { addBos: defaultBos, addEos: defaultEos = false, ...parts } = readParts(vocabulary);
  const { bos, eos, pad } = vocabulary.specialIds();
  const addBos = metadata.flag('tokenizer.ggml.add_bos_token') ?? defaultBos;
  const addEos = metadata.flag('tokenizer.ggml.add_eos_token') ?? defaultEos;
  const before = addBos ? [metadata.required('tokenizer.ggml.bos_token_id', bos)] : [];
  const after = addEos ? [metadata.required('tokenizer.ggml.eos_token_id', eos)] : [];
  const end = vocabulary.endIds();
  const role = (name: SpecialRole): object => {
    const id = vocabulary.specialIds()[name];
    return id === undefined ? {} : { [`${name}_token`]: vocabulary.tokens[id] };
  };
  return {
    tokenizer: {
      version: '1.0', truncation: null, padding: null, added_tokens: vocabulary.addedTokens(), ...parts,
      post_processor: postProcessor(before, after, vocabulary.tokens),
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast', clean_up_tokenization_spaces: false, model_max_length: model.contextLength,
      ...role('bos'), ...role('eos'), ...role('unk'), ...role('pad'), ...chatTemplate(metadata),
    },
    generationConfig: {
      // Not left out where there is none, for then Transformers assumes ids of its own.
      bos_token_id: bos ?? null, eos_token_id: end.length > 1 ? end : end[0] ?? null, pad_token_id: pad ?? null,
    },
    warnings: metadata.text('tokenizer.ggml.model') === 'gpt2' ? undecided(metadata) : [],
  };
}

function readParts(vocabulary: Vocabulary): TokenizerParts {
  const { metadata } = vocabulary;
  const kind = metadata.required('tokenizer.ggml.model', metadata.text('tokenizer.ggml.model'));
  switch (kind) {
    case 'gpt2': return byteLevelBpe(vocabulary);
    case 'llama': return sentencePieceBpe(vocabulary);
    case 't5': return sentencePieceUnigram(vocabulary);
    default: throw metadata.unsupported('tokenizer.ggml.model', 'Retort imports the kinds gpt2 (byte-level BPE), llama (SentencePiece BPE) and t5 (SentencePiece Unigram).');
  }
}

/** Files of before May 2024 do not name their pre-tokenizer. */
function undecided(metadata: Metadata): string[] {
  return metadata.has('tokenizer.ggml.pre') ? [] : [
    `${metadata.path} does not say how its texts are split into words (tokenizer.ggml.pre), so llama.cpp's default is used, which fits few models: `
    + 'convert the model again with a current llama.cpp, or import the original folder.',
  ];
}

/** Puts tokens around a text; null where there are none. */
function postProcessor(before: readonly number[], after: readonly number[], tokens: readonly string[]): object | null {
  const around = [...before, ...after];
  if (around.length === 0) return null;
  const special = (ids: readonly number[], type: number): object[] => ids.map((id) => ({ SpecialToken: { id: tokens[id], type_id: type } }));
  const sequence = (id: 'A' | 'B', type: number): object[] => [...special(before, type), { Sequence: { id, type_id: type } }, ...special(after, type)];
  return {
    type: 'TemplateProcessing', single: sequence('A', 0), pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(around.map((id) => [tokens[id]!, { id: tokens[id], ids: [id], tokens: [tokens[id]] }])),
  };
}

/** One template as a text; several as a list of names and templates. */
function chatTemplate(metadata: Metadata): object {
  const template = metadata.text('tokenizer.chat_template');
  const named = metadata.keys('tokenizer.chat_template.').map((key) => ({ name: key.slice('tokenizer.chat_template.'.length), template: metadata.text(key) }));
  if (named.length === 0) return template === undefined ? {} : { chat_template: template };
  return { chat_template: [...(template === undefined ? [] : [{ name: 'default', template }]), ...named] };
}
