import { nearest } from './encode.ts';

/** Below this a group counts as zero. */
export const NOTHING = 1e-15;

/**
 * llama.cpp's searches for the scale of a group (`make_qx_quants`, `make_qkx3_quants`, `make_qp_quants` of ggml-quants.c). They
 * compute in float32 and this in float64, so a tie may fall to the other side; the error is the same.
 */

/** Of the largest level, in tenths; the plain scale comes first, and the others must be better. */
const SHIFTS = [0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * A scale for whole numbers from -most to most - 1, with the least weighted error of 19 tries. The numbers, `most` added,
 * are left in `levels`.
 * @param weights  by element; null for the squares of the elements
 */
export function searchSymmetric(values: Float32Array, from: number, count: number, most: number, weights: Float64Array | null, levels: Uint8Array, at: number): number {
  let [extreme, size] = [0, 0];
  for (let i = 0; i < count; i++) {
    const value = values[from + i]!;
    if (Math.abs(value) > size) [extreme, size] = [value, Math.abs(value)];
  }
  if (size < NOTHING) {
    levels.fill(0, at, at + count);
    return 0;
  }
  let [scale, best, chosen] = [0, 0, 0];
  for (const shift of SHIFTS) {
    const inverse = -(most + 0.1 * shift) / extreme;
    let [product, square] = [0, 0];
    for (let i = 0; i < count; i++) {
      const value = values[from + i]!;
      const level = Math.max(-most, Math.min(most - 1, nearest(inverse * value)));
      const weight = weights ? weights[i]! : value * value;
      product += weight * value * level;
      square += weight * level * level;
    }
    if (shift === 0) chosen = inverse;
    if (square > 0 && (shift === 0 || product * product > best * square)) [scale, best, chosen] = [product / square, product * product / square, inverse];
  }
  for (let i = 0; i < count; i++) levels[at + i] = most + Math.max(-most, Math.min(most - 1, nearest(chosen * values[from + i]!)));
  return scale;
}

/** How `searchAffine` varies the scale: from `first`, in `steps` steps of `by`, all in units of one level. */
export interface Tries { readonly first: number; readonly by: number; readonly steps: number; /** Whether a difference counts by its size; otherwise by its square. */ readonly isAbsolute?: boolean }

/** The minimum that `searchAffine` found, turned round: 0 or more. */
export const found = { minimum: 0 };

/**
 * A scale and a minimum of at most 0 for whole numbers from 0 to `most`, with the least weighted error. The numbers are
 * left in `levels`, the minimum in `found`.
 */
export function searchAffine(values: Float32Array, from: number, count: number, most: number, weights: Float64Array, tries: Tries, levels: Uint8Array, at: number): number {
  let [low, high, sumW, sumX] = [values[from]!, values[from]!, 0, 0];
  for (let i = 0; i < count; i++) {
    const value = values[from + i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    sumW += weights[i]!;
    sumX += weights[i]! * value;
  }
  if (low > 0) low = 0;
  if (high <= low) {
    levels.fill(0, at, at + count);
    found.minimum = -low;
    return 0;
  }
  let inverse = most / (high - low);
  let [scale, chosen, base] = [1 / inverse, inverse, low];
  let best = 0;
  for (let i = 0; i < count; i++) {
    const level = Math.max(0, Math.min(most, nearest(inverse * (values[from + i]! - low))));
    const difference = scale * level + low - values[from + i]!;
    best += weights[i]! * (tries.isAbsolute ? Math.abs(difference) : difference * difference);
  }
  for (let attempt = 0; attempt <= tries.steps; attempt++) {
    inverse = (tries.first + tries.by * attempt + most) / (high - low);
    let [sumL, sumLL, sumLX] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      const level = Math.max(0, Math.min(most, nearest(inverse * (values[from + i]! - low))));
      const weighted = weights[i]! * level;
      sumL += weighted;
      sumLL += weighted * level;
      sumLX += weighted * values[from + i]!;
    }
    const determinant = sumW * sumLL - sumL * sumL;
    if (determinant <= 0) continue;
    let thisScale = (sumW * sumLX - sumX * sumL) / determinant;
    let thisMinimum = (sumLL * sumX - sumL * sumLX) / determinant;
    if (thisMinimum > 0) [thisScale, thisMinimum] = [sumLX / sumLL, 0];
    let error = 0;
    for (let i = 0; i < count; i++) {
      const level = Math.max(0, Math.min(most, nearest(inverse * (values[from + i]! - low))));
      const difference = thisScale * level + thisMinimum - values[from + i]!;
      error += weights[i]! * (tries.isAbsolute ? Math.abs(difference) : difference * difference);
    }
    // The next tries begin at the better minimum.
    if (error < best) [best, scale, chosen, base, low] = [error, thisScale, inverse, low, thisMinimum];
  }
  for (let i = 0; i < count; i++) levels[at + i] = Math.max(0, Math.min(most, nearest(chosen * (values[from + i]! - base))));
  found.minimum = -low;
  return scale;
}

/** A scale for whole numbers from 0 to `most` of values that are 0 or more, tries and then single numbers. */
export function searchPositive(values: Float64Array, most: number, weights: Float64Array, levels: Uint8Array): number {
  const count = values.length;
  let high = 0;
  for (const value of values) high = Math.max(high, value);
  if (high < NOTHING) {
    levels.fill(0);
    return 0;
  }
  const errorOf = (inverse: number, cap: number): number => {
    let error = 0;
    for (let i = 0; i < count; i++) {
      const difference = values[i]! - Math.min(cap, nearest(inverse * values[i]!)) / inverse;
      error += weights[i]! * difference * difference;
    }
    return error;
  };
  let inverse = most / high;
  let best = errorOf(inverse, Infinity);
  for (let attempt = -4; attempt <= 4; attempt++) {
    if (attempt === 0) continue;
    const tried = (0.1 * attempt + most) / high;
    const error = errorOf(tried, most);
    if (error < best) [best, inverse] = [error, tried];
  }
  let [product, square] = [0, 0];
  for (let i = 0; i < count; i++) {
    const level = Math.min(most, nearest(inverse * values[i]!));
    levels[i] = level;
    product += weights[i]! * values[i]! * level;
    square += weights[i]! * level * level;
  }
  for (let round = 0; round < 5; round++) {
    let changed = false;
    for (let i = 0; i < count; i++) {
      const [value, weight, level] = [values[i]!, weights[i]!, levels[i]!];
      let thisProduct = product - weight * value * level;
      let thisSquare = square - weight * level * level;
      if (thisProduct <= 0 || thisSquare <= 0) continue;
      const other = Math.min(most, nearest(value * thisSquare / thisProduct));
      if (other === level) continue;
      thisProduct += weight * value * other;
      thisSquare += weight * other * other;
      if (thisProduct * thisProduct * square <= product * product * thisSquare) continue;
      [levels[i], product, square, changed] = [other, thisProduct, thisSquare, true];
    }
    if (!changed) break;
  }
  return square > 0 ? product / square : 0;
}
