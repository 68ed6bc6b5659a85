import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Decoder } from '../nn/decoder.ts';

/** How near an exported model's logits are to the trained model's. */
export interface Parity {
  maxLogitDifference: number;
  meanLogitDifference: number;
  /** Share of positions at which both have the same token on top. */
  topAgreement: number;
}

/**
 * Compares the exported file, opened as any program would open it, with the trained model on the same texts: the
 * whole text at once, and again its second half through the cache that its first half left.
 *
 * @param logits  of the trained model for one text, [length, vocabulary]
 */
export async function measureParity(
  path: string, decoder: Decoder, texts: readonly Int32Array[], logits: (text: Int32Array) => Promise<Float32Array>,
): Promise<Parity> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const difference = new Difference(decoder.vocabSize);
  try {
    for (const text of texts) {
      const expected = await logits(text);
      const whole = await run(session, decoder, text, null);
      difference.add(whole.logits, expected);
      const half = text.length >> 1;
      if (half === 0) continue;
      const first = await run(session, decoder, text.subarray(0, half), null);
      const second = await run(session, decoder, text.subarray(half), { length: half, present: first.present });
      difference.add(second.logits, expected.subarray(half * decoder.vocabSize));
    }
  } finally {
    await session.release();
  }
  return difference.result();
}

interface Past { length: number; present: Record<string, Tensor> }

async function run(session: InferenceSession, decoder: Decoder, text: Int32Array, past: Past | null): Promise<{ logits: Float32Array; present: Record<string, Tensor> }> {
  const before = past?.length ?? 0;
  const int64 = (numbers: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
  const feeds: Record<string, Tensor> = {
    input_ids: int64([...text]),
    attention_mask: int64(Array.from({ length: before + text.length }, () => 1)),
    position_ids: int64(Array.from(text, (_, at) => before + at)),
  };
  for (let layer = 0; layer < decoder.layers; layer++) {
    for (const part of ['key', 'value']) {
      feeds[`past_key_values.${layer}.${part}`] = past?.present[`present.${layer}.${part}`]
        ?? new Tensor('float32', new Float32Array(), [1, decoder.kvHeads, 0, decoder.headDim]);
    }
  }
  const { logits, ...present } = await session.run(feeds);
  return { logits: logits!.data as Float32Array, present };
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
