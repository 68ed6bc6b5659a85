import type { Score } from '../../contract/events.ts';
import { groupBy } from './group-by.ts';
import type { Measured } from './run-study.ts';
import { systemKey, type System } from './plan.ts';

/** A model of the study over all its seeds, as one evaluation found it. */
export interface Line {
  system: System | null;
  name: string;
  evaluation: string;
  /** How many seeds are in it; null where no run made the model. */
  seeds: number | null;
  examples: number;
  /** Over several seeds the mean with its 95% t interval; of one model its own interval over the examples. */
  metrics: Record<string, Score>;
}

/** Brings the seeds of each system together, in the order in which they were measured. */
export function summarize(measured: readonly Measured[]): Line[] {
  const groups = groupBy(measured, ({ system, name, evaluation }) => JSON.stringify([system && systemKey(system), name, evaluation]));
  return [...groups.values()].map((group) => {
    const [{ system, name, seed, evaluation, measurement }] = group as [Measured];
    const metrics = Object.keys(measurement.metrics).map((metric) => {
      const scores = group.flatMap(({ measurement: { metrics: { [metric]: score } } }) => score ?? []);
      return [metric, scores.length === 1 ? scores[0]! : overSeeds(scores.map(({ value }) => value))] as const;
    });
    return { system, name, evaluation, seeds: seed === null ? null : group.length, examples: measurement.examples, metrics: Object.fromEntries(metrics) };
  });
}

/** The mean of at least two values, with the interval in which 95 of 100 such means have the true one (Student's t). */
function overSeeds(values: readonly number[]): Score {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (values.length - 1);
  const half = quantileOfT(values.length - 1) * Math.sqrt(variance / values.length);
  return { value, low: value - half, high: value + half };
}

/** 0.975 quantiles of Student's t by degrees of freedom, from 1; few studies have more seeds, and the normal's is close then. */
const T = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093];
const quantileOfT = (freedom: number): number => T[freedom - 1] ?? 1.96 + 2.4 / freedom;
