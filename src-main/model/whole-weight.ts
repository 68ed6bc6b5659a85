import { sizeOf } from '../graph/shape.ts';
import { rowsOf } from '../nn/weights/rows.ts';
import { float32 } from '../runtime/tensor.ts';
import type { HostWeights } from '../runtime/weights.ts';
import type { WeightSpec } from './model-files.ts';

/** A float32 weight's elements as they lie: in one array, or one for each part of its rows. */
export const piecesInMemory = (weights: HostWeights, spec: WeightSpec): Float32Array[] => rowsOf(spec).map(({ name }) => weights[name]!.data as Float32Array);

/** The same in one array, put together where its rows lie in parts. */
export function wholeWeight(weights: HostWeights, spec: WeightSpec): Float32Array {
  const parts = piecesInMemory(weights, spec);
  if (parts.length === 1) return parts[0]!;
  const whole = new Float32Array(sizeOf(spec.shape));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same the other way: a weight as it lies in memory, whole or in parts of its rows. */
export function rowsInMemory(spec: WeightSpec, whole: Float32Array): HostWeights {
  const width = sizeOf(spec.shape.slice(1));
  return Object.fromEntries(rowsOf(spec).map(({ name, shape, start }) => [name, float32(whole.subarray(start * width, start * width + sizeOf(shape)), shape)]));
}
