import { nearest, writeHalf, type Encode } from './encode.ts';
import { found as lowest, searchAffine, searchPositive, type Tries } from './search.ts';

const SIZE = 256;
const PARTS = 16;
const WIDTH = 16;
/** The largest scale or minimum of a part. */
const MOST = 15;
const PLAIN: Tries = { first: -0.5, by: 0.1, steps: 15, isAbsolute: true };
const WEIGHTED: Tries = { first: -0.9, by: 0.05, steps: 36 };

/** w = d s q - m t, q of 2 bits; s and t of 4 bits for each 16 elements. */
export const encodeQ2_K: Encode = (values, bytes, width, weights) => {
  const levels = new Uint8Array(SIZE);
  const own = new Float64Array(WIDTH);
  const [scales, minima, sums] = [new Float64Array(PARTS), new Float64Array(PARTS), new Float64Array(PARTS)];
  const [wholeScales, wholeMinima] = [new Uint8Array(PARTS), new Uint8Array(PARTS)];
  for (let from = 0, at = 0; from < values.length; from += SIZE, at += 84) {
    const spread = weights ? meanSquare(values, from) : 0;
    for (let part = 0; part < PARTS; part++) {
      const start = from + part * WIDTH;
      sums[part] = 0;
      for (let i = 0; i < WIDTH; i++) {
        const value = values[start + i]!;
        own[i] = weights ? weights[(start + i) % width]! * Math.sqrt(spread + value * value) : Math.abs(value);
        sums[part]! += own[i]!;
      }
      scales[part] = searchAffine(values, start, WIDTH, 3, own, weights ? WEIGHTED : PLAIN, levels, part * WIDTH);
      minima[part] = lowest.minimum;
    }
    const scale = writeHalf(bytes, at + 80, weights ? searchPositive(scales, MOST, sums, wholeScales) : wholes(scales, wholeScales));
    const minimum = writeHalf(bytes, at + 82, weights ? searchPositive(minima, MOST, sums, wholeMinima) : wholes(minima, wholeMinima));
    for (let part = 0; part < PARTS; part++) {
      bytes[at + part] = wholeScales[part]! | wholeMinima[part]! << 4;
      const step = scale * wholeScales[part]!;
      if (step === 0) continue;
      const lift = minimum * wholeMinima[part]!;
      for (let i = part * WIDTH; i < (part + 1) * WIDTH; i++) levels[i] = Math.max(0, Math.min(3, nearest((values[from + i]! + lift) / step)));
    }
    packTwoBits(levels, bytes, at + 16);
  }
};

/** Byte `32 half + i` holds elements `128 half + 32 quarter + i`, the first quarter in its lowest bits. */
export function packTwoBits(levels: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      const q = (quarter: number): number => levels[half * 128 + quarter * 32 + i]! & 3;
      bytes[at + half * 32 + i] = q(0) | q(1) << 2 | q(2) << 4 | q(3) << 6;
    }
  }
}

export function meanSquare(values: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < SIZE; i++) sum += values[from + i]! ** 2;
  return sum / SIZE;
}

function wholes(values: Float64Array, whole: Uint8Array): number {
  const high = Math.max(0, ...values);
  for (let i = 0; i < values.length; i++) whole[i] = high > 0 ? nearest(MOST / high * values[i]!) : 0;
  return high / MOST;
}
