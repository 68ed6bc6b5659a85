import { cachedWidth, pastName, presentName } from '../nn/attention/cached.ts';
import type { Decoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';

/** Keys and values of a batch of texts, one tensor a layer and part, [rows, kvHeads, capacity, width]. */
export class KvCache {
  private readonly buffers: { past: string; present: string; data: Float32Array }[];
  private readonly shape: readonly [number, number, number];
  private rows: number;

  /** @param capacity  the longest text, prompt and completion together */
  constructor(decoder: Pick<Decoder, 'layers' | 'kvHeads' | 'headDim'>, rows: number, capacity: number) {
    this.rows = rows;
    this.shape = [decoder.kvHeads, capacity, cachedWidth(decoder.headDim)];
    this.buffers = Array.from({ length: decoder.layers }, (_, layer) => (['key', 'value'] as const).map((part) => ({
      past: pastName(layer, part),
      present: presentName(layer, part),
      data: new Float32Array(rows * this.rowSize),
    }))).flat();
  }

  private get rowSize(): number {
    const [heads, capacity, width] = this.shape;
    return heads * capacity * width;
  }

  /** The cache as inputs and as the outputs that continue it: the same memory, so that it grows in place. */
  tensors(): { past: Record<string, Tensor>; present: Record<string, Tensor> } {
    const past: Record<string, Tensor> = {};
    const present: Record<string, Tensor> = {};
    for (const buffer of this.buffers) {
      const tensor = float32(buffer.data.subarray(0, this.rows * this.rowSize), [this.rows, ...this.shape]);
      past[buffer.past] = tensor;
      present[buffer.present] = tensor;
    }
    return { past, present };
  }

  /** Keeps the given rows (in rising order) and forgets the others, without a new allocation. */
  keep(rows: readonly number[]): void {
    for (const { data } of this.buffers) {
      rows.forEach((row, at) => {
        if (row !== at) data.copyWithin(at * this.rowSize, row * this.rowSize, (row + 1) * this.rowSize);
      });
    }
    this.rows = rows.length;
  }
}

/** Bytes of cache that one text of `capacity` tokens takes. */
export function cacheBytes(decoder: Pick<Decoder, 'layers' | 'kvHeads' | 'headDim'>, capacity: number): number {
  return 2 * 4 * decoder.layers * decoder.kvHeads * capacity * cachedWidth(decoder.headDim);
}
