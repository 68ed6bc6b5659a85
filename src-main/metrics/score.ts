import type { Prediction, Score } from '../contract/events.ts';
import { Problem } from '../contract/problem.ts';
import { accuracy } from './accuracy.ts';
import { bootstrap } from './bootstrap.ts';
import { exactMatch } from './exact-match.ts';
import type { Metric } from './metric.ts';
import { tokenF1 } from './token-f1.ts';

const METRICS: readonly Metric[] = [exactMatch, accuracy, tokenF1];

/** @throws Problem where there is no metric of the name. */
export function findMetric(name: string): Metric {
  const metric = METRICS.find((candidate) => candidate.name === name);
  if (metric) return metric;
  throw new Problem(`There is no metric "${name}".`, { hint: `The metrics are ${METRICS.map((candidate) => candidate.name).join(', ')}.` });
}

/**
 * Scores of all predictions by the metrics named; none without predictions. A metric that needs references looks at
 * those predictions that have one.
 * @throws Problem where there are none of these, or no such metric.
 */
export function scoreAll(names: readonly string[], predictions: readonly Prediction[], seed: number): Record<string, Score> {
  if (predictions.length === 0) return {};
  return Object.fromEntries(names.map((name) => {
    const metric = findMetric(name);
    const judged = metric.needsReference ? predictions.filter(({ reference }) => reference !== null) : predictions;
    if (judged.length === 0) {
      throw new Problem(`The metric "${name}" needs references, and no example has one.`, { hint: 'Name the column of the right answers.' });
    }
    return [name, bootstrap(metric.statistics(judged), metric.score, seed)];
  }));
}
