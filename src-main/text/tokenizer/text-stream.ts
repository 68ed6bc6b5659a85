import type { Tokenizer } from './tokenizer.ts';

/** U+FFFD, which stands for bytes that are no character: a part of one, most often. */
const REPLACEMENT = '\ufffd';

/**
 * The text of a list of tokens while the list grows. What `push` and `end` give, joined, is what decoding the whole list
 * gives, as long as its bytes are characters; no character is told before its last byte is there. What a token costs does not grow with the text.
 */
export class TextStream {
  private readonly tokenizer: Tokenizer;
  private readonly skipSpecial: boolean;
  /** The tokens told last, for decoders drop the space before a first token, and those not told yet. */
  private told: readonly number[] = [];
  private pending: readonly number[] = [];

  constructor(tokenizer: Tokenizer, { skipSpecial }: { skipSpecial: boolean }) {
    this.tokenizer = tokenizer;
    this.skipSpecial = skipSpecial;
  }

  /** The text that `id` completes; empty while a character lacks bytes. */
  push(id: number): string {
    this.pending = [...this.pending, id];
    const text = this.pendingText();
    if (text === '' || text.endsWith(REPLACEMENT)) return '';
    this.told = this.pending;
    this.pending = [];
    return text;
  }

  /** What is left at the end of the list. */
  end(): string {
    return this.pendingText();
  }

  private pendingText(): string {
    const settings = { skipSpecial: this.skipSpecial };
    const before = this.tokenizer.decode(this.told, settings);
    const whole = this.tokenizer.decode([...this.told, ...this.pending], settings);
    // Bytes that are no character may take those before them along, which were told already as what they were.
    return whole.startsWith(before) ? whole.slice(before.length) : this.tokenizer.decode(this.pending, settings);
  }
}
