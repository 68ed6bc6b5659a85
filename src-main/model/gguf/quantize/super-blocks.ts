import { nearest, writeHalf, type Encode } from './encode.ts';
import { found as lowest, NOTHING, searchAffine, searchPositive, searchSymmetric, type Tries } from './search.ts';

/** The "K" types: blocks of 256 elements, as `dequantize/super-blocks.ts` reads them. */
const SIZE = 256;
const PARTS = 8;
const WIDTH = 32;
const WEIGHTED: Tries = { first: -0.9, by: 0.05, steps: 36 };

/** w = d s q - m t, q of 4 bits; s and t of 6 bits for each 32 elements. */
export const encodeQ4_K: Encode = affine(15, { first: -1, by: 0.1, steps: 20 }, 144, (levels, bytes, at) => {
  packNibbles(levels, bytes, at + 16);
});

/** As Q4_K, with a fifth bit of each element in 32 bytes of their own: bit `part` of byte `i`. */
export const encodeQ5_K: Encode = affine(31, { first: -0.5, by: 0.1, steps: 15 }, 176, (levels, bytes, at) => {
  for (let i = 0; i < WIDTH; i++) {
    let bits = 0;
    for (let part = 0; part < PARTS; part++) bits |= (levels[part * WIDTH + i]! >> 4) << part;
    bytes[at + 16 + i] = bits;
  }
  packNibbles(levels, bytes, at + 48);
});

/** w = d s (q - 32), q of 6 bits; s a signed byte for each 16 elements. */
export const encodeQ6_K: Encode = (values, bytes, width, weights) => {
  const levels = new Uint8Array(SIZE);
  const scales = new Float64Array(16);
  const own = new Float64Array(16);
  for (let from = 0, at = 0; from < values.length; from += SIZE, at += 210) {
    let extreme = 0;
    for (let part = 0; part < 16; part++) {
      if (weights) for (let i = 0; i < 16; i++) own[i] = weights[(from + part * 16 + i) % width]!;
      const found = searchSymmetric(values, from + part * 16, 16, 32, weights ? own : null, levels, part * 16);
      scales[part] = found;
      if (Math.abs(found) > Math.abs(extreme)) extreme = found;
    }
    if (Math.abs(extreme) < NOTHING) {
      bytes.fill(0, at, at + 210);
      continue;
    }
    const scale = writeHalf(bytes, at + 208, -extreme / 128);
    for (let part = 0; part < 16; part++) {
      const whole = Math.min(127, nearest(-128 / extreme * scales[part]!));
      bytes[at + 192 + part] = whole;
      const step = scale * whole;
      if (step === 0) continue;
      for (let i = part * 16; i < part * 16 + 16; i++) levels[i] = 32 + Math.max(-32, Math.min(31, nearest(values[from + i]! / step)));
    }
    packSixBits(levels, bytes, at);
  }
};

function affine(most: number, tries: Tries, stride: number, pack: (levels: Uint8Array, bytes: Uint8Array, at: number) => void): Encode {
  return (values, bytes, width, weights) => {
    const levels = new Uint8Array(SIZE);
    const own = new Float64Array(WIDTH);
    const [scales, minima, sums] = [new Float64Array(PARTS), new Float64Array(PARTS), new Float64Array(PARTS)];
    const [wholeScales, wholeMinima] = [new Uint8Array(PARTS), new Uint8Array(PARTS)];
    for (let from = 0, at = 0; from < values.length; from += SIZE, at += stride) {
      const spread = weights ? 2 * squares(values, from, SIZE) / SIZE : 0;
      for (let part = 0; part < PARTS; part++) {
        const start = from + part * WIDTH;
        const size = weights ? 0 : Math.sqrt(squares(values, start, WIDTH) / WIDTH);
        let sum = 0;
        for (let i = 0; i < WIDTH; i++) {
          const value = values[start + i]!;
          const weight = weights ? weights[(start + i) % width]! * Math.sqrt(spread + value * value) : size + Math.abs(value);
          own[i] = weight;
          sum += weight;
        }
        sums[part] = sum;
        scales[part] = searchAffine(values, start, WIDTH, most, own, weights ? WEIGHTED : tries, levels, part * WIDTH);
        minima[part] = lowest.minimum;
      }
      const scale = writeHalf(bytes, at, weights ? searchPositive(scales, 63, sums, wholeScales) : wholes(scales, wholeScales));
      const minimum = writeHalf(bytes, at + 2, weights ? searchPositive(minima, 63, sums, wholeMinima) : wholes(minima, wholeMinima));
      packSixBitPairs(wholeScales, wholeMinima, bytes, at + 4);
      for (let part = 0; part < PARTS; part++) {
        const step = scale * wholeScales[part]!;
        if (step === 0) continue;
        const lift = minimum * wholeMinima[part]!;
        for (let i = part * WIDTH; i < (part + 1) * WIDTH; i++) levels[i] = Math.max(0, Math.min(most, nearest((values[from + i]! + lift) / step)));
      }
      pack(levels, bytes, at);
    }
  };
}

/** Values of 0 or more as whole numbers to 63, and what one of them is. */
function wholes(values: Float64Array, whole: Uint8Array): number {
  const high = Math.max(0, ...values);
  for (let i = 0; i < values.length; i++) whole[i] = high > 0 ? Math.min(63, nearest(63 / high * values[i]!)) : 0;
  return high / 63;
}

function squares(values: Float32Array, from: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[from + i]! ** 2;
  return sum;
}

function packNibbles(levels: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let pair = 0; pair < PARTS / 2; pair++) {
    for (let i = 0; i < WIDTH; i++) bytes[at + pair * WIDTH + i] = levels[pair * 64 + i]! & 15 | (levels[pair * 64 + 32 + i]! & 15) << 4;
  }
}

/** Eight scales and eight minima of six bits in twelve bytes. */
function packSixBitPairs(scales: Uint8Array, minima: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) {
    bytes[at + i] = scales[i]! | (scales[i + 4]! >> 4) << 6;
    bytes[at + 4 + i] = minima[i]! | (minima[i + 4]! >> 4) << 6;
    bytes[at + 8 + i] = scales[i + 4]! & 15 | (minima[i + 4]! & 15) << 4;
  }
}

function packSixBits(levels: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      const q = (quarter: number): number => levels[half * 128 + quarter * 32 + i]!;
      bytes[at + half * 64 + i] = q(0) & 15 | (q(2) & 15) << 4;
      bytes[at + half * 64 + 32 + i] = q(1) & 15 | (q(3) & 15) << 4;
      bytes[at + 128 + half * 32 + i] = q(0) >> 4 | (q(1) >> 4) << 2 | (q(2) >> 4) << 4 | (q(3) >> 4) << 6;
    }
  }
}
