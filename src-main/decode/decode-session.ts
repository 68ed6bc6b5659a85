import type { Decoder } from '../nn/decoder.ts';
import type { Program } from '../runtime/program.ts';
import { int32, type Tensor } from '../runtime/tensor.ts';
import { KvCache } from './kv-cache.ts';
import { SourceCache } from './source.ts';

/** What runs a model: its decoder, and what reads prompts for it where the model has an encoder. */
export interface DecodePrograms {
  /** Of a `decodeGraph`. */
  decode: Program;
  /** Of a `sourceGraph`. */
  source: Program | null;
}

/** What a text begins with: its prompt, at least one token. */
export interface Opening {
  tokens: Int32Array;
  /** The beginning of the completion, where it is there already: it is read and not told again. Behind an encoder all of a batch are equally long. */
  begun?: Int32Array;
}

export interface SessionSize {
  /** Most rows at once. */
  rows: number;
  /** Most tokens that a row takes after what it begins with. */
  newTokens: number;
}

/**
 * A batch of texts that grow by a token a step. It neither knows how tokens are chosen nor whether the model reads its
 * prompts with an encoder.
 */
export class DecodeSession {
  /** What each row holds so far: its opening (the prompt, or an encoder-decoder's start token, and what is begun) and every token fed. */
  private texts: (readonly number[])[];
  private feeds: Record<string, Tensor>;
  private readonly programs: DecodePrograms;
  private readonly cache: KvCache;
  private readonly source: SourceCache | null;

  private constructor(programs: DecodePrograms, cache: KvCache, source: SourceCache | null, openings: readonly Int32Array[]) {
    this.programs = programs;
    this.cache = cache;
    this.source = source;
    this.texts = openings.map((tokens) => [...tokens]);
    this.feeds = openingFeeds(openings);
  }

  /** @param prompts  a row for each */
  static async open(programs: DecodePrograms, decoder: Decoder, prompts: readonly Opening[], size: SessionSize): Promise<DecodeSession> {
    const { encoder } = decoder;
    const source = programs.source && await SourceCache.read(programs.source, prompts.map(({ tokens }) => tokens));
    const openings = prompts.map(({ tokens, begun = [] }) => Int32Array.from([...(encoder ? [encoder.startId] : tokens), ...begun]));
    const longest = Math.max(...openings.map(({ length }) => length));
    return new DecodeSession(programs, new KvCache(decoder, openings.length, longest + size.newTokens, size.rows), source, openings);
  }

  /** The tokens of each row. */
  get rows(): readonly (readonly number[])[] {
    return this.texts;
  }

  /** Runs what was fed last. @param extra  what the graph's way of choosing needs */
  run(extra: Record<string, Tensor> = {}): Promise<Readonly<Record<string, Tensor>>> {
    const { past, present } = this.cache.tensors();
    return this.programs.decode.run({ ...this.feeds, ...past, ...this.source?.inputs(), ...extra }, present);
  }

  /** Goes on with these rows, in this order; a row may come more than once. */
  take(rows: readonly number[]): void {
    if (rows.length === this.texts.length && rows.every((row, at) => row === at)) return;
    this.cache.take(rows, Math.max(...this.texts.map(({ length }) => length)));
    this.source?.take(rows);
    this.texts = rows.map((row) => this.texts[row]!);
  }

  /** Gives every row its next token. */
  feed(tokens: readonly number[]): void {
    this.feeds = tokenFeeds(this.texts.map(({ length }) => length), tokens);
    this.texts = this.texts.map((text, row) => [...text, tokens[row]!]);
  }
}

/** Texts as one batch, padded on the right; padding is never looked at. */
function openingFeeds(openings: readonly Int32Array[]): Record<string, Tensor> {
  const count = openings.length;
  const longest = Math.max(...openings.map(({ length }) => length));
  const ids = new Int32Array(count * longest);
  const positions = new BigInt64Array(count * longest);
  openings.forEach((tokens, row) => {
    ids.set(tokens, row * longest);
    for (let at = 0; at < longest; at++) positions[row * longest + at] = BigInt(at);
  });
  const last = openings.map(({ length }) => length - 1);
  return {
    ids: int32(ids, [count, longest]),
    positions: { dtype: 'int64', shape: [count, longest], data: positions },
    last_row: int32(Int32Array.from(last, (at, row) => row * longest + at), [count]),
    last_position: int32(Int32Array.from(last), [count]),
    total_length: int32(Int32Array.of(longest), [1]),
  };
}

/** One new token a row, at the position where it stands. */
function tokenFeeds(positions: readonly number[], tokens: readonly number[]): Record<string, Tensor> {
  const count = tokens.length;
  return {
    ids: int32(Int32Array.from(tokens), [count, 1]),
    positions: { dtype: 'int64', shape: [count, 1], data: BigInt64Array.from(positions, BigInt) },
    last_row: int32(Int32Array.from({ length: count }, (_, row) => row), [count]),
    last_position: int32(Int32Array.from(positions), [count]),
    total_length: int32(Int32Array.of(Math.max(...positions) + 1), [1]),
  };
}
