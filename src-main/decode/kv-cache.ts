import { sizeOf } from '../graph/shape.ts';
import { cachedWidth, pastMemory, pastName, pastStates, presentMemory, presentName, presentStates } from '../nn/attention/cached.ts';
import type { Decoder } from '../nn/decoder.ts';
import { float32, type Tensor } from '../runtime/tensor.ts';

/** What of a decoder says how large its cache is. */
export type CachedDecoder = Pick<Decoder, 'layers' | 'kvHeads' | 'headDim' | 'convolutions'>;

/** A tensor of the cache, of each row [...heads, positions, width]; where it grows, its first positions are in use. */
interface Buffer { past: string; present: string; heads: number; positions: number; width: number; grows: boolean; shape: readonly number[]; data: Float32Array }

/**
 * What every layer keeps of a batch of texts: keys and values, [rows, kvHeads, capacity, width] each, or of a convolution
 * the states it has seen last, [rows, reach, width], and what its layer remembers, [rows, ...memory].
 */
export class KvCache {
  private readonly buffers: Buffer[];
  private readonly mostRows: number;
  private rows: number;
  /** A buffer of each size, made when rows change places for the first time. */
  private readonly spares = new Map<number, Float32Array>();

  /**
   * @param capacity  the longest text, prompt and completion together
   * @param mostRows  as many as there ever will be
   */
  constructor(decoder: CachedDecoder, rows: number, capacity: number, mostRows = rows) {
    this.rows = rows;
    this.mostRows = mostRows;
    this.buffers = places(decoder, capacity).map((place) => ({ ...place, data: new Float32Array(mostRows * rowSize(place)) }));
  }

  /** The cache as inputs and as the outputs that continue it: the same memory, so that it grows in place. */
  tensors(): { past: Record<string, Tensor>; present: Record<string, Tensor> } {
    const past: Record<string, Tensor> = {};
    const present: Record<string, Tensor> = {};
    for (const buffer of this.buffers) {
      const tensor = float32(buffer.data.subarray(0, this.rows * rowSize(buffer)), [this.rows, ...buffer.shape]);
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
      if (isCompaction) copy(rows, length, buffer, buffer.data);
      else {
        const size = this.mostRows * rowSize(buffer);
        const into = this.spares.get(size) ?? new Float32Array(size);
        copy(rows, length, buffer, into);
        this.spares.set(size, buffer.data);
        buffer.data = into;
      }
    }
    this.rows = rows.length;
  }

  /** As before the first token. */
  clear(): void {
    for (const { data } of this.buffers) data.fill(0);
  }
}

const rowSize = ({ heads, positions, width }: Pick<Buffer, 'heads' | 'positions' | 'width'>): number => heads * positions * width;

function places({ layers, kvHeads, headDim, convolutions }: CachedDecoder, capacity: number): Omit<Buffer, 'data'>[] {
  return Array.from({ length: layers }, (_, layer) => {
    const states = convolutions.get(layer);
    if (states) {
      const { reach, width, memory } = states;
      return [
        { past: pastStates(layer), present: presentStates(layer), heads: 1, positions: reach, width, grows: false, shape: [reach, width] },
        ...(memory ? [{ past: pastMemory(layer), present: presentMemory(layer), heads: 1, positions: 1, width: sizeOf(memory), grows: false, shape: memory }] : []),
      ];
    }
    const width = cachedWidth(headDim);
    return (['key', 'value'] as const).map((part) => ({
      past: pastName(layer, part), present: presentName(layer, part), heads: kvHeads, positions: capacity, width, grows: true, shape: [kvHeads, capacity, width],
    }));
  }).flat();
}

/** Within one buffer, rows only ever move towards its beginning, each before a later one is written over. */
function copy(rows: readonly number[], length: number, { data: from, heads, positions, width, grows }: Buffer, to: Float32Array): void {
  const used = grows ? length : positions;
  rows.forEach((row, at) => {
    if (from === to && row === at) return;
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * positions * width;
      to.set(from.subarray(start, start + used * width), (at * heads + head) * positions * width);
    }
  });
}

/** Bytes of cache that one text of `capacity` tokens takes. */
export function cacheBytes(decoder: CachedDecoder, capacity: number): number {
  return 4 * places(decoder, capacity).reduce((sum, place) => sum + rowSize(place), 0);
}
