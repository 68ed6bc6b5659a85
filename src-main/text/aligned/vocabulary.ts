import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { encoderBehind, sameBytes, type EncodeBehind } from './encode-behind.ts';
import { textOf, tokenBytes, bytesOfText, type Bytes } from './token-bytes.ts';

/** A model's tokens by what they say, to be compared with another's. */
export class Vocabulary {
  /** What each token says; null for special ones. */
  readonly bytes: readonly (Bytes | null)[];
  /** Ids below it have a logit. */
  readonly size: number;
  /** Tokens that end a text, the one that ends this kind of text first. */
  readonly ends: readonly number[];
  readonly encodeBehind: EncodeBehind;
  private readonly tokenizer: Tokenizer;
  private readonly byBytes = new Map<Bytes, number>();
  private readonly cut = new Map<Bytes, readonly number[]>();

  constructor(tokenizer: Tokenizer, size: number, ends: readonly number[]) {
    this.tokenizer = tokenizer;
    this.size = size;
    this.ends = ends;
    this.bytes = tokenBytes(tokenizer);
    this.encodeBehind = encoderBehind(tokenizer, this.bytes);
    for (let id = size - 1; id >= 0; id--) {
      const own = this.bytes[id];
      if (own) this.byBytes.set(own, id);
    }
  }

  /** The token here that is spelled like one of another vocabulary and says the same. */
  spelledAs(other: Vocabulary, id: number): number | undefined {
    const spelled = other.tokenizer.tokenOf(id);
    const same = spelled === undefined ? undefined : this.tokenizer.idOf(spelled);
    return same !== undefined && same < this.size && (this.bytes[same] ?? null) === (other.bytes[id] ?? null) ? same : undefined;
  }

  saying(bytes: Bytes | null): number | undefined {
    return bytes === null ? undefined : this.byBytes.get(bytes);
  }

  /** The tokens that a text is cut into, as far as there are tokens for it. */
  pieces(bytes: Bytes): readonly number[] {
    const known = this.cut.get(bytes) ?? this.cutAnew(bytes);
    this.cut.set(bytes, known);
    return known;
  }

  private cutAnew(bytes: Bytes): number[] {
    const text = textOf(bytes);
    if (bytesOfText(text) === bytes) {
      const ids = this.encodeBehind(text);
      const { count } = sameBytes(ids, this.bytes, bytes);
      if (count > 0 && ids.slice(0, count).every((id) => id < this.size)) return ids.slice(0, count);
    }
    // A part of a character, or what the tokenizer writes otherwise.
    const pieces: number[] = [];
    for (let at = 0; at < bytes.length;) {
      let length = bytes.length - at;
      while (length > 0 && !this.byBytes.has(bytes.slice(at, at + length))) length--;
      if (length === 0) break;
      pieces.push(this.byBytes.get(bytes.slice(at, at + length))!);
      at += length;
    }
    return pieces;
  }
}
