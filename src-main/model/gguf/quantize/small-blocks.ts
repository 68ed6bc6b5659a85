import { writeHalf, type Encode } from './encode.ts';
import { found, searchAffine, searchSymmetric, type Tries } from './search.ts';

/** The types of blocks of 32 elements. Without an importance matrix they are gguf-py's to the bit, which needs float32 at every step. */
const SIZE = 32;
const { fround } = Math;
const TRIES: Tries = { first: -0.9, by: 0.05, steps: 36 };

/** w = d q, q of 8 bits. An importance matrix changes nothing. */
export const encodeQ8_0: Encode = (values, bytes) => {
  for (let from = 0, at = 0; from < values.length; from += SIZE, at += 34) {
    let size = 0;
    for (let i = 0; i < SIZE; i++) size = Math.max(size, Math.abs(values[from + i]!));
    const scale = fround(size / 127);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    writeHalf(bytes, at, scale);
    for (let i = 0; i < SIZE; i++) {
      const level = fround(values[from + i]! * inverse);
      // Halves away from zero.
      bytes[at + 2 + i] = level < 0 ? -Math.floor(0.5 - level) : Math.floor(0.5 + level);
    }
  }
};

/** w = d (q - 8), q of 4 bits. */
export const encodeQ4_0: Encode = symmetric(4, (levels, bytes, at) => { packNibbles(levels, bytes, at + 2); }, 18);

/** w = d (q - 16), q of 5 bits. */
export const encodeQ5_0: Encode = symmetric(5, (levels, bytes, at) => {
  packFifth(levels, bytes, at + 2);
  packNibbles(levels, bytes, at + 6);
}, 22);

/** w = d q + m, q of 4 bits. */
export const encodeQ4_1: Encode = affine(4, (levels, bytes, at) => { packNibbles(levels, bytes, at + 4); }, 20);

/** w = d q + m, q of 5 bits. */
export const encodeQ5_1: Encode = affine(5, (levels, bytes, at) => {
  packFifth(levels, bytes, at + 4);
  packNibbles(levels, bytes, at + 8);
}, 24);

type Pack = (levels: Uint8Array, bytes: Uint8Array, at: number) => void;

/** Finds the levels of the block that begins at `from` and writes its scale at `at`. */
type Plain = (values: Float32Array, from: number, most: number, levels: Uint8Array, bytes: Uint8Array, at: number) => void;
/** The same where `own` says what each element is worth. */
type Weighed = (values: Float32Array, from: number, most: number, own: Float64Array, levels: Uint8Array, bytes: Uint8Array, at: number) => void;

function symmetric(bits: number, pack: Pack, stride: number): Encode {
  return blocks(2 ** (bits - 1), plainSymmetric, weighedSymmetric, pack, stride);
}

function affine(bits: number, pack: Pack, stride: number): Encode {
  return blocks(2 ** bits - 1, plainAffine, weighedAffine, pack, stride);
}

function blocks(most: number, plain: Plain, weighed: Weighed, pack: Pack, stride: number): Encode {
  return (values, bytes, width, weights) => {
    const levels = new Uint8Array(SIZE);
    const own = new Float64Array(SIZE);
    let spread = 0;
    for (let from = 0, at = 0; from < values.length; from += SIZE, at += stride) {
      if (weights) {
        if (from % width === 0) spread = meanSquare(values, from, width);
        weigh(own, values, from, weights, from % width, spread);
        weighed(values, from, most, own, levels, bytes, at);
      } else {
        plain(values, from, most, levels, bytes, at);
      }
      pack(levels, bytes, at);
    }
  };
}

function weighedSymmetric(values: Float32Array, from: number, most: number, own: Float64Array, levels: Uint8Array, bytes: Uint8Array, at: number): void {
  writeHalf(bytes, at, searchSymmetric(values, from, SIZE, most, own, levels, 0));
}

function weighedAffine(values: Float32Array, from: number, most: number, own: Float64Array, levels: Uint8Array, bytes: Uint8Array, at: number): void {
  writeHalf(bytes, at, searchAffine(values, from, SIZE, most, own, TRIES, levels, 0));
  writeHalf(bytes, at + 2, -found.minimum);
}

function plainSymmetric(values: Float32Array, from: number, most: number, levels: Uint8Array, bytes: Uint8Array, at: number): void {
  let extreme = 0;
  for (let i = 0; i < SIZE; i++) if (Math.abs(values[from + i]!) > Math.abs(extreme)) extreme = values[from + i]!;
  const scale = extreme / -most;
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  writeHalf(bytes, at, scale);
  for (let i = 0; i < SIZE; i++) levels[i] = Math.min(2 * most - 1, Math.trunc(fround(fround(values[from + i]! * inverse) + most + 0.5)));
}

function plainAffine(values: Float32Array, from: number, most: number, levels: Uint8Array, bytes: Uint8Array, at: number): void {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < SIZE; i++) {
    low = Math.min(low, values[from + i]!);
    high = Math.max(high, values[from + i]!);
  }
  const scale = fround(fround(high - low) / most);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  writeHalf(bytes, at, scale);
  writeHalf(bytes, at + 2, low);
  for (let i = 0; i < SIZE; i++) levels[i] = Math.min(most, Math.trunc(fround(fround(fround(values[from + i]! - low) * inverse) + 0.5)));
}

/** The importance of a block's elements, and how far each is from nothing. */
function weigh(own: Float64Array, values: Float32Array, from: number, weights: Float32Array, at: number, spread: number): void {
  for (let i = 0; i < SIZE; i++) own[i] = weights[at + i]! * Math.sqrt(spread + values[from + i]! ** 2);
}

function meanSquare(values: Float32Array, from: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += values[from + i]! ** 2;
  return sum / width;
}

function packNibbles(levels: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < SIZE / 2; i++) bytes[at + i] = levels[i]! & 15 | (levels[i + SIZE / 2]! & 15) << 4;
}

function packFifth(levels: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let byte = 0; byte < 4; byte++) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit++) bits |= (levels[8 * byte + bit]! >> 4) << bit;
    bytes[at + byte] = bits;
  }
}
