import { encodeFloats, decodeFloats } from '../../model/float-formats.ts';

/** Elements that share a scale and a bias. */
export const GROUP = 64;
export const BITS = 4;
const MOST = 2 ** BITS - 1;
/** Least scale of a group. */
const LEAST = 1e-7;
const A_WORD = 32 / BITS;

/** A matrix [rows, width] as MLX keeps it: integers packed eight to a word, the first in the lowest bits, [rows, width / 8]; scales and biases [rows, width / 64] in float16. */
export interface Affine { words: Uint32Array; scales: Uint8Array; biases: Uint8Array }

/** Rounds a matrix as `mlx.core.quantize` does: w = scale q + bias, where the end of a group that is further from zero is met exactly. */
export function quantizeAffine(weights: Float32Array): Affine {
  const groups = weights.length / GROUP;
  const [scales, biases] = [new Float32Array(groups), new Float32Array(groups)];
  for (let group = 0; group < groups; group++) [scales[group], biases[group]] = gridOf(weights, group * GROUP);
  const kept = { scales: encodeFloats('F16', scales), biases: encodeFloats('F16', biases) };
  // The numbers are chosen for what is written, not for what it was before it was rounded.
  decodeFloats('F16', kept.scales, scales);
  decodeFloats('F16', kept.biases, biases);
  const words = new Uint32Array(weights.length / A_WORD);
  for (let at = 0; at < weights.length; at++) {
    const group = Math.floor(at / GROUP);
    const level = scales[group] === 0 ? 0 : Math.min(MOST, Math.max(0, Math.round((weights[at]! - biases[group]!) / scales[group]!)));
    words[Math.floor(at / A_WORD)]! |= level << (BITS * (at % A_WORD));
  }
  return { words, ...kept };
}

function gridOf(weights: Float32Array, from: number): [scale: number, bias: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let at = from; at < from + GROUP; at++) {
    low = Math.min(low, weights[at]!);
    high = Math.max(high, weights[at]!);
  }
  const isLow = Math.abs(low) > Math.abs(high);
  const step = Math.max((high - low) / MOST, LEAST) * (isLow ? 1 : -1);
  const edge = isLow ? low : high;
  const count = Math.round(edge / step);
  return count === 0 ? [step, 0] : [edge / count, edge];
}

/** What a file's numbers are read back as. */
export function dequantizeAffine({ words, scales, biases }: Affine): Float32Array {
  const weights = new Float32Array(words.length * A_WORD);
  const [scale, bias] = [scales, biases].map((halves) => {
    const numbers = new Float32Array(halves.length / 2);
    decodeFloats('F16', halves, numbers);
    return numbers;
  }) as [Float32Array, Float32Array];
  for (let at = 0; at < weights.length; at++) {
    const level = (words[Math.floor(at / A_WORD)]! >>> (BITS * (at % A_WORD))) & MOST;
    weights[at] = scale[Math.floor(at / GROUP)]! * level + bias[Math.floor(at / GROUP)]!;
  }
  return weights;
}
