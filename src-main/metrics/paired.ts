import type { Score } from '../contract/events.ts';
import { bootstrap } from './bootstrap.ts';
import { Statistics } from './statistics.ts';

/** Numbers of each row whose sums make a score. */
export type RowStatistics = readonly (readonly number[])[];

/**
 * By how much the second of two scores is larger, both of the same rows, with its 95% interval: each resample takes the same
 * rows of both, so what makes a row hard for both is in neither.
 * @param score  from the sums over `count` rows
 */
export function pairedDifference(first: RowStatistics, second: RowStatistics, score: (sums: readonly number[], count: number) => number, seed: number): Score {
  const width = first[0]!.length;
  return bootstrap(Statistics.of(first.map((row, at) => [...row, ...second[at]!])), (sums, count) => score(sums.slice(width), count) - score(sums.slice(0, width), count), seed);
}

/** A mean of rows that weigh differently: each is its sum and its weight. */
export const weightedMean = ([sum, weight]: readonly number[]): number => sum! / weight!;
