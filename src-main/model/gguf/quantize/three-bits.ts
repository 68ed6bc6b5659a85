import { nearest, writeHalf, type Encode } from './encode.ts';
import { NOTHING, searchSymmetric } from './search.ts';
import { meanSquare, packTwoBits } from './two-bits.ts';

const SIZE = 256;
const PARTS = 16;
const WIDTH = 16;

/** w = d (s - 32) q, q of 3 bits from -4; s of 6 bits for each 16 elements. */
export const encodeQ3_K: Encode = (values, bytes, width, weights) => {
  const levels = new Uint8Array(SIZE);
  const scales = new Float32Array(PARTS);
  const whole = new Uint8Array(PARTS);
  const [own, sums] = [new Float64Array(WIDTH), new Float64Array(PARTS)];
  for (let from = 0, at = 0; from < values.length; from += SIZE, at += 110) {
    const spread = weights ? 2 * meanSquare(values, from) : 0;
    for (let part = 0; part < PARTS; part++) {
      const start = from + part * WIDTH;
      if (weights) {
        sums[part] = 0;
        for (let i = 0; i < WIDTH; i++) {
          own[i] = weights[(start + i) % width]! * Math.sqrt(spread + values[start + i]! ** 2);
          sums[part]! += own[i]!;
        }
      }
      scales[part] = weights ? searchSymmetric(values, start, WIDTH, 4, own, levels, part * WIDTH) : searchOneByOne(values, start, levels, part * WIDTH);
    }
    const scale = writeHalf(bytes, at + 108, weights ? searchSymmetric(scales, 0, PARTS, 32, sums, whole, 0) : wholes(scales, whole));
    packScales(whole, bytes, at + 96);
    for (let part = 0; part < PARTS; part++) {
      const step = scale * (whole[part]! - 32);
      if (step === 0) continue;
      for (let i = part * WIDTH; i < (part + 1) * WIDTH; i++) levels[i] = 4 + Math.max(-4, Math.min(3, nearest(values[from + i]! / step)));
    }
    for (let i = 0; i < 32; i++) {
      bytes[at + i] = 0;
      for (let bit = 0; bit < 8; bit++) bytes[at + i]! |= (levels[bit * 32 + i]! >> 2) << bit;
    }
    packTwoBits(levels, bytes, at + 32);
  }
};

/** Levels from -4 to 3, 4 added, by the largest element, and then each alone moved where that brings the whole nearer (llama.cpp's `make_q3_quants`). */
function searchOneByOne(values: Float32Array, from: number, levels: Uint8Array, at: number): number {
  let extreme = 0;
  for (let i = 0; i < WIDTH; i++) if (Math.abs(values[from + i]!) > Math.abs(extreme)) extreme = values[from + i]!;
  if (Math.abs(extreme) < NOTHING) {
    levels.fill(0, at, at + WIDTH);
    return 0;
  }
  let [product, square] = [0, 0];
  for (let i = 0; i < WIDTH; i++) {
    const value = values[from + i]!;
    const level = Math.max(-4, Math.min(3, nearest(-4 / extreme * value)));
    levels[at + i] = level + 4;
    product += value ** 3 * level;
    square += value * value * level * level;
  }
  for (let round = 0, changed = true; round < 5 && changed; round++) {
    changed = false;
    for (let i = 0; i < WIDTH; i++) {
      const [value, level] = [values[from + i]!, levels[at + i]! - 4];
      let thisProduct = product - value ** 3 * level;
      if (thisProduct <= 0) continue;
      let thisSquare = square - value * value * level * level;
      const other = Math.max(-4, Math.min(3, nearest(value * thisSquare / thisProduct)));
      if (other === level) continue;
      thisProduct += value ** 3 * other;
      thisSquare += value * value * other * other;
      if (thisSquare <= 0 || thisProduct * thisProduct * square <= product * product * thisSquare) continue;
      [levels[at + i], product, square, changed] = [other + 4, thisProduct, thisSquare, true];
    }
  }
  return square > 0 ? product / square : 0;
}

/** Scales as whole numbers from 0, 32 for none, and what one of them is. */
function wholes(scales: Float32Array, whole: Uint8Array): number {
  let extreme = 0;
  for (const scale of scales) if (Math.abs(scale) > Math.abs(extreme)) extreme = scale;
  for (let i = 0; i < PARTS; i++) whole[i] = extreme === 0 ? 0 : 32 + Math.max(-32, Math.min(31, nearest(-32 / extreme * scales[i]!)));
  return extreme / -32;
}

/** Sixteen scales of six bits in twelve bytes. */
function packScales(scales: Uint8Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 8; i++) bytes[at + i] = scales[i]! & 15 | (scales[i + 8]! & 15) << 4;
  for (let i = 0; i < 4; i++) bytes[at + 8 + i] = scales[i]! >> 4 | (scales[i + 4]! >> 4) << 2 | (scales[i + 8]! >> 4) << 4 | (scales[i + 12]! >> 4) << 6;
}
