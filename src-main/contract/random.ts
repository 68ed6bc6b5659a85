/**
 * Random numbers without state: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
 * keyed by a seed and counted by what a number is for. The same place in a run draws the same number on any executor,
 * in any batch, after any resume.
 */

/** What numbers are drawn for; a purpose never sees another's numbers. New ones are added at the end. */
const PURPOSES = ['shuffle', 'subset', 'split', 'mixture', 'rollout', 'evaluation', 'teacher-data', 'init', 'bootstrap', 'generate', 'draft', 'accept', 'resample', 'adapter', 'dropout', 'advice'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The place in a run that a number belongs to; each of its counts is a whole number below 2^32. */
export interface Draw {
  purpose: Purpose;
  step?: number;
  example?: number;
  index?: number;
}

type Block = [number, number, number, number];

/** Ten rounds of Philox on a counter of four 32-bit words under a key of two. */
export function philox(counter: Readonly<Block>, key: readonly [number, number]): Block {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** A number in [0, 1) with 24 random bits, so that float32 holds it exactly. */
export function uniform(seed: number, draw: Draw): number {
  return (philox(counterOf(draw), keyOf(seed, draw))[0] >>> 8) * 2 ** -24;
}

/** A whole number from 0 up to, not including, `limit` (at most 2^32), each equally likely. */
export function integer(seed: number, draw: Draw, limit: number): number {
  return integerAt(counterOf(draw), keyOf(seed, draw), limit);
}

/** Fills `out` with what `integer` gives at indices from 0. */
export function fillIntegers(out: Uint32Array, seed: number, draw: Omit<Draw, 'index'>, limit: number): void {
  const key = keyOf(seed, draw);
  const counter = counterOf(draw);
  for (let at = 0; at < out.length; at++) {
    counter[0] = at;
    out[at] = integerAt(counter, key, limit);
  }
}

/** Fills `out` with normal numbers of mean 0 by Box and Muller's transform, two from each pair of uniforms. */
export function fillNormal(out: Float32Array, seed: number, draw: Omit<Draw, 'index'>, deviation: number): void {
  const key = keyOf(seed, draw);
  const counter = counterOf(draw);
  for (let at = 0; at < out.length; at += 2) {
    // The index, in place: a new counter for every pair takes ten times as long.
    counter[0] = at;
    const [a, b] = philox(counter, key);
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - a * 2 ** -32));
    const angle = 2 * Math.PI * b * 2 ** -32;
    out[at] = radius * Math.cos(angle);
    if (at + 1 < out.length) out[at + 1] = radius * Math.sin(angle);
  }
}

/** Fills `out` with numbers from -bound up to, not including, bound, four from each block. */
export function fillUniform(out: Float32Array, seed: number, draw: Omit<Draw, 'index'>, bound: number): void {
  const key = keyOf(seed, draw);
  const counter = counterOf(draw);
  for (let at = 0; at < out.length; at += 4) {
    counter[0] = at;
    out.set(philox(counter, key).slice(0, out.length - at).map((word) => bound * ((word >>> 8) * 2 ** -23 - 1)), at);
  }
}

/** The numbers 0 up to `count` in a random order, each order equally likely (Fisher and Yates). */
export function permutation(count: number, seed: number, draw: Omit<Draw, 'index'>): Uint32Array {
  const key = keyOf(seed, draw);
  const counter = counterOf(draw);
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    counter[0] = at;
    const other = integerAt(counter, key, at + 1);
    const taken = order[at]!;
    order[at] = order[other]!;
    order[other] = taken;
  }
  return order;
}

/** Words of the last, incomplete range below 2^32 are passed over, so that the remainder is even. */
function integerAt(counter: Block, key: readonly [number, number], limit: number): number {
  const whole = 2 ** 32 - (2 ** 32 % limit);
  for (counter[3] = 0; ; counter[3]++) {
    for (const word of philox(counter, key)) {
      if (word < whole) return word % limit;
    }
  }
}

function keyOf(seed: number, { purpose }: Draw): [number, number] {
  return [seed | 0, PURPOSES.indexOf(purpose)];
}

function counterOf({ step = 0, example = 0, index = 0 }: Draw): Block {
  return [index | 0, example | 0, step | 0, 0];
}

/** The upper 32 bits of the 64-bit product of two words, by halves: no sum below reaches 2^32. */
function multiplyHigh(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const carry = (middle & 0xffff) + (Math.imul(a0, b1) >>> 0);
  return (Math.imul(a1, b1) + (middle >>> 16) + (carry >>> 16)) | 0;
}
