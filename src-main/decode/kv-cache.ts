import { cachedWidth, pastName, presentName } from '../nn/attention/cached.ts';
import type { Decoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';

/** Keys and values of a batch of texts, one tensor a layer and part, [rows, kvHeads, capacity, width]. */
export class KvCache {
  private readonly buffers: { past: string; present: string; data: Float32Array }[];
  private readonly shape: readonly [number, number, number];
  private readonly mostRows: number;
  private rows: number;
  /** As large as a buffer; made when rows change places for the first time. */
  private spare: Float32Array | null = null;

  /**
   * @param capacity  the longest text, prompt and completion together
   * @param mostRows  as many as there ever will be
   */
  constructor(decoder: Pick<Decoder, 'layers' | 'kvHeads' | 'headDim'>, rows: number, capacity: number, mostRows = rows) {
    this.rows = rows;
    this.mostRows = mostRows;
    this.shape = [decoder.kvHeads, capacity, cachedWidth(decoder.headDim)];
    this.buffers = Array.from({ length: decoder.layers }, (_, layer) => (['key', 'value'] as const).map((part) => ({
      past: pastName(layer, part),
      present: presentName(layer, part),
      data: new Float32Array(mostRows * this.rowSize),
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

  /** Goes on with these rows, in this order; a row may come more than once. @param length  positions in use */
  take(rows: readonly number[], length: number): void {
    if (rows.length > this.mostRows) throw new Error(`${rows.length} rows in a cache of ${this.mostRows}`);
    const isCompaction = rows.every((row, at) => row >= at && (at === 0 || row > rows[at - 1]!));
    for (const buffer of this.buffers) {
      if (isCompaction) this.copy(rows, length, buffer.data, buffer.data);
      else {
        const into = this.spare ?? new Float32Array(this.mostRows * this.rowSize);
        this.copy(rows, length, buffer.data, into);
        this.spare = buffer.data;
        buffer.data = into;
      }
    }
    this.rows = rows.length;
  }

  /** Within one buffer, rows only ever move towards its beginning, each before a later one is written over. */
  private copy(rows: readonly number[], length: number, from: Float32Array, to: Float32Array): void {
    const [heads, capacity, width] = this.shape;
    rows.forEach((row, at) => {
      if (from === to && row === at) return;
      for (let head = 0; head < heads; head++) {
        const start = (row * heads + head) * capacity * width;
        to.set(from.subarray(start, start + length * width), (at * heads + head) * capacity * width);
      }
    });
  }
}

/** Bytes of cache that one text of `capacity` tokens takes. */
export function cacheBytes(decoder: Pick<Decoder, 'layers' | 'kvHeads' | 'headDim'>, capacity: number): number {
  return 2 * 4 * decoder.layers * decoder.kvHeads * capacity * cachedWidth(decoder.headDim);
}
