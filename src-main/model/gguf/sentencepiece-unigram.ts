import type { TokenizerParts } from './tokenizer-parts.ts';
import type { Vocabulary } from './vocabulary.ts';

const SPACE = '\u2581';

/** The Unigram model of SentencePiece (T5): characters replaced by a table, runs of spaces as one, the likeliest pieces. */
export function sentencePieceUnigram(vocabulary: Vocabulary): TokenizerParts {
  const { metadata, tokens } = vocabulary;
  const scores = metadata.required('tokenizer.ggml.scores', metadata.numbers('tokenizer.ggml.scores'));
  const table = metadata.numbers('tokenizer.ggml.precompiled_charsmap');
  const addSpace = metadata.flag('tokenizer.ggml.add_space_prefix') ?? true;
  const trims = metadata.flag('tokenizer.ggml.remove_extra_whitespaces') ?? true;
  return {
    normalizer: { type: 'Sequence', normalizers: [
      ...(table ? [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(table).toString('base64') }] : []),
      ...(trims ? [{ type: 'Strip', strip_left: true, strip_right: true }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }] : []),
      // Also before a text that begins with the sign itself, other than Metaspace does it.
      ...(addSpace ? [{ type: 'Prepend', prepend: SPACE }] : []),
      { type: 'Replace', pattern: { String: ' ' }, content: SPACE },
    ] },
    pre_tokenizer: null,
    decoder: { type: 'Metaspace', replacement: SPACE, prepend_scheme: addSpace ? 'always' : 'never', split: true },
    model: {
      type: 'Unigram', unk_id: vocabulary.unknownId(), vocab: tokens.map((token, id) => [token, scores[id] ?? 0]),
      byte_fallback: tokens.some((_, id) => vocabulary.isByte(id)),
    },
    addBos: false, addEos: true,
  };
}
