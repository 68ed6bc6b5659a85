import { closestName } from '../../../contract/closest-name.ts';
import { Problem } from '../../../contract/problem.ts';
import type { Metric } from '../../../metrics/metric.ts';
import { weightedMean } from '../../../metrics/paired.ts';
import { PERPLEXITY } from '../../../metrics/perplexity.ts';
import { findMetrics, METRIC_NAMES } from '../../../metrics/score.ts';

/** A number by which runs are compared row by row. */
export interface HalvingMetric {
  name: string;
  isLowerBetter: boolean;
  /** Whether right answers are needed, and a teacher. */
  needsAnswers: boolean;
  needsTeacher: boolean;
  /** From the sums of the rows' numbers. */
  score(sums: readonly number[], count: number): number;
  /** Of a metric of written texts: what tells of them; null of one that is read off given ones. */
  texts: Metric | null;
}

const read = (name: string, needsTeacher: boolean, score: HalvingMetric['score']): HalvingMetric => ({ name, isLowerBetter: true, needsAnswers: true, needsTeacher, score, texts: null });

const READ: readonly HalvingMetric[] = [
  read('divergence', true, weightedMean), read('loss', false, weightedMean), read(PERPLEXITY, false, (sums) => Math.exp(weightedMean(sums))),
];

/** Every metric of texts: a corpus is scored from what each row adds to it, which the same rows of two runs are compared by. */
const written = (): HalvingMetric[] => [...new Set(METRIC_NAMES.flatMap((name) => findMetrics(name)))]
  .map((metric) => ({ name: metric.name, isLowerBetter: metric.isLowerBetter ?? false, needsAnswers: metric.needsReference, needsTeacher: false, score: metric.score, texts: metric }));

/** @throws Problem where runs cannot be compared by a number of this name, row by row */
export function halvingMetric(name: string): HalvingMetric {
  const all = [...READ, ...written()];
  const found = all.find((metric) => metric.name === name);
  if (found) return found;
  const meant = closestName(name, all.map((metric) => metric.name));
  throw new Problem(`There is no number "${name}" by which the rows of two runs can be compared.`, {
    hint: `${meant === undefined ? '' : `Perhaps "${meant}" is meant. `}There are ${all.map((metric) => metric.name).join(', ')}.`,
  });
}
