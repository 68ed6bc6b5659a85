import type { Score } from '../contract/events.ts';
import { fillIntegers } from '../contract/random.ts';
import type { Metric } from './metric.ts';
import type { Statistics } from './statistics.ts';

const RESAMPLES = 1000;

/**
 * A corpus's score with its 95% percentile interval over resampled corpora (Efron's bootstrap). The resampling is the
 * seed's and the size's alone, so that two models on the same data are compared on the same resamples.
 * @param statistics  of each prediction, at least one
 */
export function bootstrap(statistics: Statistics, score: Metric['score'], seed: number): Score {
  const count = statistics.length;
  const scoreOf = (picks: Uint32Array): number => score(statistics.sums(picks), count);
  const picks = Uint32Array.from({ length: count }, (_, at) => at);
  const value = scoreOf(picks);
  const resampled = Float64Array.from({ length: RESAMPLES }, (_, step) => {
    fillIntegers(picks, seed, { purpose: 'bootstrap', step }, count);
    return scoreOf(picks);
  }).sort();
  return { value, low: resampled[Math.round(0.025 * RESAMPLES)]!, high: resampled[Math.round(0.975 * RESAMPLES) - 1]! };
}
