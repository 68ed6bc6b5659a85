import { Problem } from '../../contract/problem.ts';
import type { TokenizerParts } from './tokenizer-parts.ts';
import type { Vocabulary } from './vocabulary.ts';

const SPACE = '\u2581';

/**
 * The BPE of SentencePiece (Llama 2, Mistral, TinyLlama): no splitting into words, spaces as "▁", unknown characters as
 * bytes. SentencePiece joins the neighbours whose union has the highest score; the same follows from a list of merges
 * sorted by score, as long as no two pieces share one. Llama 2's runs of spaces do: whichever two runs are joined first,
 * the same runs come out, as long as there is one of every length.
 */
export function sentencePieceBpe(vocabulary: Vocabulary): TokenizerParts {
  const { metadata, tokens } = vocabulary;
  if (metadata.flag('tokenizer.ggml.remove_extra_whitespaces')) throw metadata.unsupported('tokenizer.ggml.remove_extra_whitespaces');
  if (metadata.has('tokenizer.ggml.precompiled_charsmap')) throw metadata.unsupported('tokenizer.ggml.precompiled_charsmap');
  const scores = metadata.required('tokenizer.ggml.scores', metadata.numbers('tokenizer.ggml.scores'));
  const ids = vocabulary.ids();
  const pieces = tokens.map((text, id) => ({ text, score: scores[id] ?? NaN })).filter((_, id) => vocabulary.isNormal(id));
  checkPieces(metadata.path, pieces, ids);
  const addSpace = metadata.flag('tokenizer.ggml.add_space_prefix') ?? true;
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  return {
    normalizer: addSpace ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: SPACE }, spaces] } : spaces,
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' },
        ...(addSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE', dropout: null, unk_token: tokens[vocabulary.specialIds().unk ?? 0] ?? null, continuing_subword_prefix: null,
      end_of_word_suffix: null, fuse_unk: true, byte_fallback: tokens.some((_, id) => vocabulary.isByte(id)), ignore_merges: false,
      vocab: Object.fromEntries(ids), merges: mergesOf(pieces, ids),
    },
    addBos: true,
  };
}

interface Piece { readonly text: string; readonly score: number }

/** Every way to join two tokens to a piece, the best piece first; ways to the same piece by the ids of the two. */
function mergesOf(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): string[] {
  return [...pieces].sort((left, right) => right.score - left.score).flatMap(({ text }) => {
    const characters = [...text];
    const ways = characters.slice(1).map((_, at) => [characters.slice(0, at + 1).join(''), characters.slice(at + 1).join('')] as const);
    return ways
      .filter(([left, right]) => ids.has(left) && ids.has(right))
      .sort((one, other) => ids.get(one[0])! - ids.get(other[0])! || ids.get(one[1])! - ids.get(other[1])!)
      .map(([left, right]) => `${left} ${right}`);
  });
}

/** Refuses vocabularies that merges cannot stand for. */
function checkPieces(path: string, pieces: readonly Piece[], ids: ReadonlyMap<string, number>): void {
  const joined = pieces.filter(({ text }) => [...text].length > 1);
  const seen = new Set<number>();
  for (const { text, score } of joined) {
    // Unigram models have logarithms of probabilities instead of ranks.
    if (!Number.isInteger(score)) throw refusal(path, `the score of "${text}" is ${score}, which is not a rank of byte-pair encoding`);
    if (!isRun(text)) {
      if (seen.has(score)) throw refusal(path, `several pieces have the score ${score}, "${text}" among them`);
      seen.add(score);
    }
    const stranger = [...text].find((character) => character === ' ' || !ids.has(character));
    if (stranger !== undefined) throw refusal(path, `"${text}" contains "${stranger}", which is no piece itself`);
  }
}

/** One character again and again. */
const isRun = (text: string): boolean => new Set(text).size === 1;

function refusal(path: string, what: string): Problem {
  return new Problem(`${path}: the tokenizer cannot be rebuilt from tokenizer.ggml.scores: ${what}`, {
    hint: 'Import the original model folder instead, or a GGUF file with a tokenizer of the kind gpt2.',
  });
}
