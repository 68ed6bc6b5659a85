import type { Decoder } from '../nn/decoder.ts';
import { rowsOf } from './choose.ts';
import type { DecodePrograms } from './decode-session.ts';
import { beginning, type Opening } from './opening.ts';
import type { OneText } from './engine.ts';
import { feedsOf } from './feeds.ts';
import { KvCache } from './kv-cache.ts';
import { SourceCache } from './source.ts';

/**
 * One text that a model reads on in steps of any length, and goes back in: what its cache holds beyond the point where
 * the text turned out differently is written over.
 */
export class HostText implements OneText {
  private readonly programs: DecodePrograms;
  private readonly decoder: Decoder;
  private readonly cache: KvCache;
  private readonly source: SourceCache | null;
  private readonly beginning: readonly number[];
  /** The tokens whose keys and values the cache holds. */
  private held: readonly number[] = [];

  private constructor(programs: DecodePrograms, decoder: Decoder, cache: KvCache, source: SourceCache | null, beginning: readonly number[]) {
    this.programs = programs;
    this.decoder = decoder;
    this.cache = cache;
    this.source = source;
    this.beginning = beginning;
  }

  /**
   * @param programs   whose choice is logits
   * @param newTokens  most tokens after what the text begins with
   */
  static async open(programs: DecodePrograms, decoder: Decoder, opening: Opening, newTokens: number): Promise<HostText> {
    const source = programs.source && await SourceCache.read(programs.source, [opening.tokens]);
    const tokens = [...beginning(decoder, opening)];
    return new HostText(programs, decoder, new KvCache(decoder, 1, tokens.length + newTokens), source, tokens);
  }

  with(tokens: readonly number[]): number[] {
    return [...this.beginning, ...tokens];
  }

  async logits(tokens: readonly number[], told: number): Promise<Float32Array[]> {
    const text = this.with(tokens);
    const start = startOf(this.held, text, told, this.decoder);
    // What convolutions have seen is of another text.
    if (start === 0 && this.held.length > 0) this.cache.clear();
    const { past, present } = this.cache.tensors();
    const { logits } = await this.programs.decode.run({
      ...feedsOf([{ start, tokens: text.slice(start) }], told), ...past, ...this.source?.inputs(),
    }, present);
    this.held = text;
    return rowsOf(logits!);
  }

  /** Its memory is the host's, which goes by itself. */
  release(): void {}
}

/**
 * Where to read on a text of which something is held. What convolutions have seen cannot be taken back: with them a text
 * that goes back is read anew.
 * @param told  of how many of its last tokens something is asked
 */
export function startOf(held: readonly number[], text: readonly number[], told: number, { convolutions }: Pick<Decoder, 'convolutions'>): number {
  const start = Math.min(sharedLength(held, text), text.length - told);
  return convolutions.size === 0 || start === held.length ? start : 0;
}

function sharedLength(one: readonly number[], other: readonly number[]): number {
  const differs = one.findIndex((token, at) => token !== other[at]);
  return differs === -1 ? one.length : differs;
}
