import type { Score } from '../../../contract/events.ts';
import { bootstrap } from '../../../metrics/bootstrap.ts';
import { pairedDifference, type RowStatistics } from '../../../metrics/paired.ts';
import { Statistics } from '../../../metrics/statistics.ts';
import type { HalvingMetric } from './metric.ts';

/** A system at a rung: of each seed what each row says. */
export interface Contender { key: string; seeds: readonly RowStatistics[] }

/** How a system stands among those that were measured with it. */
export interface Standing {
  key: string;
  score: Score;
  /** Its score less that of the best, with the interval over the same rows; null for the best. */
  difference: Score | null;
  /** Whether the interval leaves open that it is as good as the best. */
  isTied: boolean;
}

/**
 * Systems from the best to the worst. Seeds of one system count together: each row's numbers are summed over them, and rows are
 * resampled, the same for all. Of equal scores the one that comes first in the study stands first.
 */
export function rank(contenders: readonly Contender[], { score, isLowerBetter }: Pick<HalvingMetric, 'score' | 'isLowerBetter'>, seed: number): Standing[] {
  const systems = contenders.map(({ key, seeds }) => {
    const rows = seeds[0]!.map((row, at) => row.map((_, place) => seeds.reduce((sum, statistics) => sum + statistics[at]![place]!, 0)));
    const of = (sums: readonly number[], count: number): number => score(sums, count * seeds.length);
    return { key, rows, of, score: bootstrap(Statistics.of(rows), of, seed) };
  });
  // What is no number is worse than any.
  const worth = ({ value }: Score): number => (Number.isNaN(value) ? -Infinity : isLowerBetter ? -value : value);
  const order = [...systems].sort((a, b) => worth(b.score) - worth(a.score) || 0);
  const [best] = order;
  return order.map(({ key, rows, of, score: own }): Standing => {
    if (key === best!.key) return { key, score: own, difference: null, isTied: true };
    const difference = pairedDifference(best!.rows, rows, of, seed);
    return { key, score: own, difference, isTied: isLowerBetter ? difference.low! <= 0 : difference.high! >= 0 };
  });
}

/**
 * Who stops: the worse half, down to `keep`, but none of whom the interval leaves open that it is as good as the best.
 * @param standings  from the best to the worst
 */
export function whoStops(standings: readonly Standing[], keep: number): Standing[] {
  return standings.slice(Math.max(keep, Math.ceil(standings.length / 2))).filter(({ isTied }) => !isTied);
}

/** Shares of its steps at which a study of so many systems is measured: halves back from the whole, one for each time that it is halved. */
export function rungShares(systems: number, keep: number): number[] {
  const halvings = Math.max(1, Math.ceil(Math.log2(systems / keep)));
  return Array.from({ length: halvings + 1 }, (_, at) => 2 ** (at - halvings));
}
