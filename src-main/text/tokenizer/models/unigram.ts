import type { Field } from '../pipeline/field.ts';
import { byteTokens } from './byte-tokens.ts';
import { missingUnknown, type TokenModel } from './token-model.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What an unknown character costs beyond the least likely token. */
const UNKNOWN_PENALTY = 10;

/** The most likely tokens that make up a piece: each has a log-probability, and unknown characters that follow on each other count as one token. */
export class Unigram implements TokenModel {
  readonly kind = 'Unigram';
  readonly vocabulary: Vocabulary;
  readonly size: number;
  private readonly scores: Float64Array;
  private readonly unknownScore: number;
  private readonly unknown: number | null;
  private readonly writesBytes: boolean;
  private readonly unknownField: Field;
  private readonly trie = new Trie();

  constructor(field: Field) {
    const entries = listOf(field.at('vocab'));
    this.size = entries.length;
    this.scores = new Float64Array(entries.length);
    const tokens: string[] = [];
    const ids = new Map<string, number>();
    for (const [id, entry] of entries.entries()) {
      const [token, score] = isScored(entry) ? entry : notScored(field.at('vocab'), entry, id);
      tokens.push(token);
      ids.set(token, id);
      this.scores[id] = asReadByRust(score);
    }
    for (const [token, id] of ids) this.trie.add(token, id);
    this.vocabulary = { tokens, ids };
    this.unknownScore = this.scores.reduce((lowest, score) => Math.min(lowest, score), Infinity) - UNKNOWN_PENALTY;
    this.unknownField = field.at('unk_id');
    this.unknown = this.unknownField.isAbsent ? null : this.unknownField.count();
    if (this.unknown !== null && this.unknown >= entries.length) this.unknownField.refuse(`is ${this.unknown}, and the vocabulary has ${entries.length} tokens`);
    this.writesBytes = field.at('byte_fallback').flag(false);
  }

  encode(piece: string): number[] {
    const { starts, ids } = this.bestPath(piece);
    const parts: { start: number; end: number }[] = [];
    for (let end = piece.length, after = null as number | null; end > 0;) {
      const start = starts[end]!;
      const last = parts.at(-1);
      if (last && ids[end] === this.unknown && after === this.unknown) last.start = start;
      else parts.push({ start, end });
      after = ids[end]!;
      end = start;
    }
    return parts.reverse().flatMap(({ start, end }) => this.idsOf(piece.slice(start, end)));
  }

  misses(piece: string): boolean {
    return this.unknown !== null && this.vocabulary.tokens[this.unknown] !== piece && this.encode(piece).includes(this.unknown);
  }

  /** For each place where a token may end: where the best one starts, and its id. */
  private bestPath(piece: string): { starts: Int32Array; ids: Int32Array } {
    const best = new Float64Array(piece.length + 1);
    const starts = new Int32Array(piece.length + 1).fill(-1);
    const ids = new Int32Array(piece.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      if (starts[end]! >= 0 && score <= best[end]!) return;
      best[end] = score;
      starts[end] = start;
      ids[end] = id;
    };
    for (let start = 0; start < piece.length;) {
      const single = start + (piece.codePointAt(start)! > 0xffff ? 2 : 1);
      const base = best[start]!;
      let hasSingle = false;
      this.trie.prefixes(piece, start, (end, id) => {
        offer(start, end, id, this.scores[id]! + base);
        hasSingle ||= end === single;
      });
      if (!hasSingle) offer(start, single, this.unknown ?? missingUnknown(this.unknownField, piece.slice(start, single)), this.unknownScore + base);
      start = single;
    }
    return { starts, ids };
  }

  private idsOf(part: string): number[] {
    const id = this.vocabulary.ids.get(part);
    if (id !== undefined) return [id];
    return (this.writesBytes ? byteTokens(part, this.vocabulary.ids) : null) ?? [this.unknown ?? missingUnknown(this.unknownField, part)];
  }
}

function notScored(field: Field, entry: unknown, id: number): never {
  return field.refuse(`has ${JSON.stringify(entry)?.slice(0, 80)} at ${id}, which is no token with its score`);
}

function listOf(field: Field): readonly unknown[] {
  return Array.isArray(field.value) ? field.value : field.refuseKind('a list of tokens with their scores');
}

function isScored(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
}

/**
 * The score as the tokenizers library reads it: its digits as a whole number, divided by a power of ten, which rounds twice. The
 * last bit decides between two ways of cutting that are equally likely.
 */
function asReadByRust(score: number): number {
  const [, sign, whole, part = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(score))!;
  const power = Number(exponent) - part.length;
  const digits = Number(whole! + part);
  return (sign === '-' ? -1 : 1) * (power < 0 ? digits / 10 ** -power : digits * 10 ** power);
}

/** Tokens by their beginnings. Nodes are numbers; an edge is a node and a code unit in one number. */
class Trie {
  private readonly edges = new Map<number, number>();
  private readonly ids: number[] = [-1];

  add(token: string, id: number): void {
    let node = 0;
    for (let at = 0; at < token.length; at++) {
      const edge = node * 65536 + token.charCodeAt(at);
      let child = this.edges.get(edge);
      if (child === undefined) {
        child = this.ids.push(-1) - 1;
        this.edges.set(edge, child);
      }
      node = child;
    }
    this.ids[node] = id;
  }

  /** Tells each token that stands in `text` at `start`, the shortest first. */
  prefixes(text: string, start: number, tell: (end: number, id: number) => void): void {
    let node: number | undefined = 0;
    for (let at = start; at < text.length; at++) {
      node = this.edges.get(node * 65536 + text.charCodeAt(at));
      if (node === undefined) return;
      if (this.ids[node]! >= 0) tell(at + 1, this.ids[node]!);
    }
  }
}
