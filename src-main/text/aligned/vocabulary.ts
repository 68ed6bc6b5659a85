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

  /** The first of the tokens that a text is cut into; null where no token begins it. */
  firstPiece(bytes: Bytes): number | null {
    const text = textOf(bytes);
    if (bytesOfText(text) === bytes) {
      const ids = this.encodeBehind(text);
      if (sameBytes(ids, this.bytes, bytes).count > 0 && ids[0]! < this.size) return ids[0]!;
    }
    // A part of a character, or what the tokenizer writes otherwise.
    for (let length = bytes.length; length > 0; length--) {
      const id = this.byBytes.get(bytes.slice(0, length));
      if (id !== undefined) return id;
    }
    return null;
  }
}
