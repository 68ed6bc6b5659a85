import type { Score } from '../contract/events.ts';
import { fillIntegers } from '../contract/random.ts';
import type { Metric } from './metric.ts';
import type { Statistics } from './statistics.ts';

const RESAMPLES = 1000;

/** A corpus, and how it is scored. */
export interface Scored { statistics: Statistics; score: Metric['score'] }

/**
 * A corpus's score with its 95% percentile interval over resampled corpora (Efron's bootstrap). The resampling is the
 * seed's and the size's alone, so that two models on the same data are compared on the same resamples.
 * @param statistics  of each prediction, at least one
 */
export function bootstrap(statistics: Statistics, score: Metric['score'], seed: number): Score {
  return bootstrapAll([{ statistics, score }], seed)[0]!;
}

/** The same of several, of which those of one size share their resamples: to draw them takes far longer than to add up. */
export function bootstrapAll(corpora: readonly Scored[], seed: number): Score[] {
  const scores = new Map<Scored, Score>();
  for (const count of new Set(corpora.map(({ statistics }) => statistics.length))) {
    const alike = corpora.filter(({ statistics }) => statistics.length === count);
    const picks = Uint32Array.from({ length: count }, (_, at) => at);
    const scoreOf = ({ statistics, score }: Scored): number => score(statistics.sums(picks), count);
    const values = alike.map(scoreOf);
    const resampled = alike.map(() => new Float64Array(RESAMPLES));
    for (let step = 0; step < RESAMPLES; step++) {
      fillIntegers(picks, seed, { purpose: 'bootstrap', step }, count);
      alike.forEach((one, at) => { resampled[at]![step] = scoreOf(one); });
    }
    alike.forEach((one, at) => {
      const sorted = resampled[at]!.sort();
      scores.set(one, { value: values[at]!, low: sorted[Math.round(0.025 * RESAMPLES)]!, high: sorted[Math.round(0.975 * RESAMPLES) - 1]! });
    });
  }
  return corpora.map((one) => scores.get(one)!);
}
