import type { Decoder } from '../nn/decoder.ts';
import { rowsOf } from './choose.ts';
import { beginning, type DecodePrograms, type Opening } from './decode-session.ts';
import { feedsOf } from './feeds.ts';
import { KvCache } from './kv-cache.ts';
import { SourceCache } from './source.ts';

/**
 * One text that a model reads on in steps of any length, and goes back in: what its cache holds beyond the point where
 * the text turned out differently is written over.
 */
export class OneText {
  private readonly programs: DecodePrograms;
  private readonly cache: KvCache;
  private readonly source: SourceCache | null;
  private readonly beginning: readonly number[];
  /** The tokens whose keys and values the cache holds. */
  private held: readonly number[] = [];
  private readonly keepsStates: boolean;

  private constructor(programs: DecodePrograms, cache: KvCache, source: SourceCache | null, beginning: readonly number[], keepsStates: boolean) {
    this.programs = programs;
    this.cache = cache;
    this.source = source;
    this.beginning = beginning;
    this.keepsStates = keepsStates;
  }

  /**
   * @param programs   whose choice is logits
   * @param newTokens  most tokens after what the text begins with
   */
  static async open(programs: DecodePrograms, decoder: Decoder, opening: Opening, newTokens: number): Promise<OneText> {
    const source = programs.source && await SourceCache.read(programs.source, [opening.tokens]);
    const tokens = [...beginning(decoder, opening)];
    return new OneText(programs, new KvCache(decoder, 1, tokens.length + newTokens), source, tokens, decoder.convolutions.size > 0);
  }

  /** Where to read on. What convolutions have seen cannot be taken back: with them a text that goes back is read anew. */
  private startOf(text: readonly number[], told: number): number {
    const start = Math.min(sharedLength(this.held, text), text.length - told);
    if (!this.keepsStates || start === this.held.length) return start;
    this.cache.clear();
    return 0;
  }

  /** What the model has of the text with these new tokens: what processors are told. */
  with(tokens: readonly number[]): number[] {
    return [...this.beginning, ...tokens];
  }

  /** Logits [vocabulary] of the token after each of the last `told` tokens of the text with these new ones. */
  async logits(tokens: readonly number[], told: number): Promise<Float32Array[]> {
    const text = this.with(tokens);
    const start = this.startOf(text, told);
    const { past, present } = this.cache.tensors();
    const { logits } = await this.programs.decode.run({
      ...feedsOf([{ start, tokens: text.slice(start) }], told), ...past, ...this.source?.inputs(),
    }, present);
    this.held = text;
    return rowsOf(logits!);
  }
}

function sharedLength(one: readonly number[], other: readonly number[]): number {
  const differs = one.findIndex((token, at) => token !== other[at]);
  return differs === -1 ? one.length : differs;
}
