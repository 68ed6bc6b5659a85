import type { OpenedModel } from './opened.ts';

/** How near an exported model's logits are to the trained model's. */
export interface Parity {
  maxLogitDifference: number;
  meanLogitDifference: number;
  /** Share of positions at which both have the same token on top. */
  topAgreement: number;
}

/** A text to compare on: what an encoder reads (nothing for a decoder alone), and the tokens whose followers are told. */
export interface ParityText { prompt: Int32Array; tokens: Int32Array }

/**
 * Compares an exported model with the trained one on the same texts: the whole text at once, and again its second
 * half through the cache that its first half left.
 *
 * @param width   of a row of logits
 * @param logits  of the trained model at every token of a text, [length, width]
 */
export async function measureParity(
  model: OpenedModel, width: number, texts: readonly ParityText[], logits: (text: ParityText) => Promise<Float32Array>,
): Promise<Parity> {
  const difference = new Difference(width);
  for (const text of texts) {
    const { prompt, tokens } = text;
    const expected = await logits(text);
    difference.add((await model.run(prompt, tokens, null)).logits, expected);
    const half = tokens.length >> 1;
    if (half === 0) continue;
    const first = await model.run(prompt, tokens.subarray(0, half), null);
    const second = await model.run(prompt, tokens.subarray(half), first.past);
    difference.add(second.logits, expected.subarray(half * width));
  }
  return difference.result();
}

class Difference {
  private readonly width: number;
  private largest = 0;
  private sum = 0;
  private count = 0;
  private agreeing = 0;
  private positions = 0;

  /** @param width  of a row of logits */
  constructor(width: number) {
    this.width = width;
  }

  add(found: Float32Array, expected: Float32Array): void {
    for (let row = 0; row < expected.length; row += this.width) {
      let [topFound, topExpected] = [row, row];
      for (let at = row; at < row + this.width; at++) {
        const difference = Math.abs(found[at]! - expected[at]!);
        this.largest = Math.max(this.largest, difference);
        this.sum += difference;
        if (found[at]! > found[topFound]!) topFound = at;
        if (expected[at]! > expected[topExpected]!) topExpected = at;
      }
      this.agreeing += topFound === topExpected ? 1 : 0;
      this.positions++;
    }
    this.count += expected.length;
  }

  result(): Parity {
    return {
      maxLogitDifference: this.largest,
      meanLogitDifference: this.sum / this.count,
      topAgreement: this.agreeing / this.positions,
    };
  }
}
