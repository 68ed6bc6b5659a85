import type { Decoder } from '../nn/decoder.ts';
import type { Program } from '../runtime/program.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { GrowingTexts } from './engine.ts';
import { feedsOf } from './feeds.ts';
import { KvCache } from './kv-cache.ts';
import { beginning, type Opening, type SessionSize } from './opening.ts';
import { SourceCache } from './source.ts';

/** What runs a model: its decoder, and what reads prompts for it where the model has an encoder. */
export interface DecodePrograms {
  /** Of a `decodeGraph`. */
  decode: Program;
  /** Of a `sourceGraph`. */
  source: Program | null;
}

/**
 * A batch of texts that grow by a token a step. It neither knows how tokens are chosen nor whether the model reads its
 * prompts with an encoder.
 */
export class DecodeSession implements GrowingTexts {
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
    this.feeds = feedsOf(openings.map((tokens) => ({ start: 0, tokens })));
  }

  /** @param prompts  a row for each */
  static async open(programs: DecodePrograms, decoder: Decoder, prompts: readonly Opening[], size: SessionSize): Promise<DecodeSession> {
    const source = programs.source && await SourceCache.read(programs.source, prompts.map(({ tokens }) => tokens));
    const openings = prompts.map((prompt) => beginning(decoder, prompt));
    const longest = Math.max(...openings.map(({ length }) => length));
    return new DecodeSession(programs, new KvCache(decoder, openings.length, longest + size.newTokens, size.rows), source, openings);
  }

  get rows(): readonly (readonly number[])[] {
    return this.texts;
  }

  run(extra: Record<string, Tensor> = {}): Promise<Readonly<Record<string, Tensor>>> {
    const { past, present } = this.cache.tensors();
    return this.programs.decode.run({ ...this.feeds, ...past, ...this.source?.inputs(), ...extra }, present);
  }

  take(rows: readonly number[]): void {
    if (rows.length === this.texts.length && rows.every((row, at) => row === at)) return;
    this.cache.take(rows, Math.max(...this.texts.map(({ length }) => length)));
    this.source?.take(rows);
    this.texts = rows.map((row) => this.texts[row]!);
  }

  feed(tokens: readonly number[]): void {
    this.feeds = feedsOf(this.texts.map(({ length: start }, row) => ({ start, tokens: [tokens[row]!] })));
    this.texts = this.texts.map((text, row) => [...text, tokens[row]!]);
  }

  /** Its memory is the host's, which goes by itself. */
  release(): void {}
}
