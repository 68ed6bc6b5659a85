import type { OpenedModel } from './opened.ts';

/** How near an exported model's logits are to the trained model's. */
export interface Parity {
  maxLogitDifference: number;
  meanLogitDifference: number;
  /** Share of positions at which both have the same token on top. */
  topAgreement: number;
  /** Of the completions, by the exported model and by the trained one. */
  perplexity: number;
  trainedPerplexity: number;
}

/** A text to compare on. Every token of the completion is told from what stands before it. */
export interface ParityText { prompt: Int32Array; completion: Int32Array }

/**
 * Compares an exported model with the trained one on the same texts: the whole text at once, and again its second
 * half through the cache that its first half left.
 *
 * @param width   of a row of logits
 * @param logits  of the trained model for every token of a completion, [length, width]
 */
export async function measureParity(
  model: OpenedModel, width: number, texts: readonly ParityText[], logits: (text: ParityText) => Promise<Float32Array>,
): Promise<Parity> {
  const difference = new Difference(width);
  for (const text of texts) {
    const { prompt, completion } = text;
    const expected = await logits(text);
    // The last token is only told, not read.
    const told = completion.subarray(0, -1);
    const tokens = model.startId === null ? Int32Array.of(...prompt, ...told) : Int32Array.of(model.startId, ...told);
    const first = tokens.length - completion.length;
    const whole = (await model.run(prompt, tokens, null)).logits.subarray(first * width);
    difference.add(whole, expected);
    difference.addText(whole, expected, completion);
    const half = first + Math.ceil(completion.length / 2);
    if (half >= tokens.length) continue;
    const { past } = await model.run(prompt, tokens.subarray(0, half), null);
    difference.add((await model.run(prompt, tokens.subarray(half), past)).logits, expected.subarray((half - first) * width));
  }
  return difference.result();
}

/** The same of two models that are asked in the same way, about whole texts. */
export async function compareLogits(width: number, texts: readonly ParityText[], found: (text: ParityText) => Promise<Float32Array>, expected: (text: ParityText) => Promise<Float32Array>): Promise<Parity> {
  const difference = new Difference(width);
  for (const text of texts) {
    const [one, other] = [await found(text), await expected(text)];
    difference.add(one, other);
    difference.addText(one, other, text.completion);
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
  private tokens = 0;
  private surprise = 0;
  private trainedSurprise = 0;

  /** @param width  of a row of logits */
  constructor(width: number) {
    this.width = width;
  }

  add(found: Float32Array, expected: Float32Array): void {
    for (let row = 0; row < expected.length; row += this.width) {
      let [topFound, topExpected] = [row, row];
      for (let at = row; at < row + this.width; at++) {
        const difference = Math.abs(found[at]! - expected[at]!);
        // A number that is none is the largest difference there is.
        this.largest = Number.isNaN(difference) ? Infinity : Math.max(this.largest, difference);
        this.sum += difference;
        if (found[at]! > found[topFound]!) topFound = at;
        if (expected[at]! > expected[topExpected]!) topExpected = at;
      }
      this.agreeing += topFound === topExpected ? 1 : 0;
      this.positions++;
    }
    this.count += expected.length;
  }

  addText(found: Float32Array, expected: Float32Array, tokens: Int32Array): void {
    tokens.forEach((token, at) => {
      const row = [at * this.width, (at + 1) * this.width] as const;
      this.surprise += surprise(found.subarray(...row), token);
      this.trainedSurprise += surprise(expected.subarray(...row), token);
    });
    this.tokens += tokens.length;
  }

  result(): Parity {
    return {
      maxLogitDifference: this.largest,
      meanLogitDifference: this.sum / this.count,
      topAgreement: this.agreeing / this.positions,
      perplexity: Math.exp(this.surprise / this.tokens),
      trainedPerplexity: Math.exp(this.trainedSurprise / this.tokens),
    };
  }
}

/** The negative log-probability of a token, in nats. */
function surprise(logits: Float32Array, token: number): number {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return largest + Math.log(sum) - logits[token]!;
}
