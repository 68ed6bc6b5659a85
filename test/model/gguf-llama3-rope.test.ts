import { describe, expect, it } from 'vitest';
import { stretches } from '../../src-main/export/gguf/describe.ts';
import { Metadata } from '../../src-main/model/gguf/metadata.ts';
import { ArchitectureKeys } from '../../src-main/model/gguf/plan.ts';
import { readRopeScaling } from '../../src-main/model/gguf/rope-scaling.ts';

const read = async (factors: Float32Array, theta: number, headDim: number): Promise<Readonly<Record<string, unknown>> | null> => {
  const metadata = new Metadata('made.gguf', new Map());
  const contents = { path: 'made.gguf', metadata, has: () => true, shape: () => [1, 1], read: () => Promise.resolve(factors) };
  return readRopeScaling(contents, new ArchitectureKeys(metadata, 'llama'), { theta, headDim });
};

describe('the factors of Llama 3\'s rotary embedding', () => {
  it.each([
    // Llama 3.1 and 3.2, then others: with several pairs between the limits, with one, with none.
    { factor: 8, low: 1, high: 4, context: 8192, theta: 500_000, headDim: 128 }, { factor: 32, low: 1, high: 4, context: 8192, theta: 500_000, headDim: 64 },
    { factor: 8, low: 1, high: 4, context: 128, theta: 10_000, headDim: 64 }, { factor: 16, low: 1, high: 8, context: 2048, theta: 10_000, headDim: 96 },
    { factor: 8, low: 1, high: 4, context: 128, theta: 500_000, headDim: 16 }, { factor: 4, low: 2, high: 6, context: 1024, theta: 10_000, headDim: 64 },
    { factor: 8, low: 1, high: 1.5, context: 300, theta: 1e6, headDim: 16 },
  ])('are told apart by what they do: %o', async ({ factor, low, high, context, theta, headDim }) => {
    const told = stretches({ type: 'llama3', factor, lowFreqFactor: low, highFreqFactor: high, originalContext: context }, theta, headDim);
    const found = await read(told, theta, headDim) as Record<string, number>;
    const again = stretches({
      type: 'llama3', factor: found['factor']!, lowFreqFactor: found['low_freq_factor']!, highFreqFactor: found['high_freq_factor']!, originalContext: found['original_max_position_embeddings']!,
    }, theta, headDim);
    again.forEach((value, pair) => { expect(Math.abs(value / told[pair]! - 1)).toBeLessThan(1e-4); });
  });

  it('are refused where no constants give them', async () => {
    await expect(read(Float32Array.of(1, 3, 2, 8), 10_000, 8)).rejects.toThrow('are not those of Llama 3');
  });
});
