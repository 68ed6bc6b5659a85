import type { Score } from '../contract/events.ts';
import { integer } from '../contract/random.ts';

const RESAMPLES = 1000;

/** Mean with its 95% percentile interval over resampled examples (Efron's bootstrap); the same for the same seed. */
export function bootstrapMean(values: readonly number[], seed: number): Score {
  if (values.length === 0) return { value: 0, low: null, high: null };
  const mean = (pick: (at: number) => number): number => {
    let sum = 0;
    for (let at = 0; at < values.length; at++) sum += pick(at);
    return sum / values.length;
  };
  const resampled = Float64Array.from({ length: RESAMPLES }, (_, step) =>
    mean((index) => values[integer(seed, { purpose: 'bootstrap', step, index }, values.length)]!)).sort();
  return {
    value: mean((at) => values[at]!),
    low: resampled[Math.floor(0.025 * RESAMPLES)]!,
    high: resampled[Math.ceil(0.975 * RESAMPLES) - 1]!,
  };
}
