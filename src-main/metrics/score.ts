import type { Prediction, Score } from '../contract/events.ts';
import { Problem } from '../contract/problem.ts';
import { ACCEPTANCE } from './acceptance.ts';
import { accuracy } from './accuracy.ts';
import { bootstrapAll } from './bootstrap.ts';
import { bleu, bleuIntl } from './bleu.ts';
import { chrf } from './chrf.ts';
import { distinct1, distinct2, selfBleu } from './diversity.ts';
import { exactMatch } from './exact-match.ts';
import { rouge1, rouge2, rougeL, rougeLsum } from './rouge.ts';
import type { Gathering, Metric } from './metric.ts';
import { MULTIPLE_CHOICE } from './multiple-choice.ts';
import { PERPLEXITY } from './perplexity.ts';
import { Statistics } from './statistics.ts';
import { tokenF1 } from './token-f1.ts';

const METRICS: readonly Metric[] = [
  exactMatch, accuracy, tokenF1, rouge1, rouge2, rougeL, rougeLsum, bleu, bleuIntl, chrf, selfBleu, distinct1, distinct2,
];
/** Names that stand for several metrics. */
const GROUPS: Readonly<Record<string, readonly Metric[]>> = {
  'rouge': [rouge1, rouge2, rougeL, rougeLsum],
  'distinct': [distinct1, distinct2],
};

/** Metrics of a model's probabilities, not of texts that it has written. */
const OF_MODELS = [PERPLEXITY, MULTIPLE_CHOICE, ACCEPTANCE];

/** Everything that can be asked for. */
export const METRIC_NAMES: readonly string[] = [...METRICS.map((metric) => metric.name), ...Object.keys(GROUPS), ...OF_MODELS];

/**
 * The metrics of texts a name stands for, often one; none for a metric that is measured of the model itself.
 * @throws Problem where there is no such metric.
 */
export function findMetrics(name: string): readonly Metric[] {
  if (OF_MODELS.includes(name)) return [];
  const metrics = GROUPS[name] ?? METRICS.filter((candidate) => candidate.name === name);
  if (metrics.length > 0) return metrics;
  throw new Problem(`There is no metric "${name}".`, {
    hint: `The metrics are ${METRIC_NAMES.join(', ')}.`,
  });
}

/** What to say where there is nothing to hold against. */
export const needsReferences = (name: string): Problem =>
  new Problem(`The metric "${name}" needs references, and no example has one.`, { hint: 'Name the column of the right answers.' });

/**
 * Scores of all predictions by the metrics named; none without predictions. A metric that needs references looks at
 * those predictions that have one.
 * @throws Problem where there are none of these, or no such metric.
 */
export function scoreAll(names: readonly string[], predictions: readonly Prediction[], seed: number): Record<string, Score> {
  const scores = new RunningScores(names);
  scores.add(predictions);
  return scores.all(seed);
}

/** The same of predictions that come some at a time; of their texts nothing is kept in memory. */
export class RunningScores {
  private readonly parts: { metric: Metric; gathering: Gathering }[];
  private isEmpty = true;

  /** @throws Problem where there is no such metric */
  constructor(names: readonly string[]) {
    this.parts = names.flatMap(findMetrics).map((metric) => ({ metric, gathering: gatheringOf(metric) }));
  }

  add(predictions: readonly Prediction[]): void {
    if (predictions.length > 0) this.isEmpty = false;
    for (const { metric, gathering } of this.parts) gathering.add(metric.needsReference ? predictions.filter(({ reference }) => reference !== null) : predictions);
  }

  /** @throws Problem where a metric needs references and no prediction has one */
  all(seed: number): Record<string, Score> {
    if (this.isEmpty) return {};
    const corpora = this.parts.map(({ metric, gathering }) => {
      const statistics = gathering.statistics();
      if (statistics.length === 0) throw needsReferences(metric.name);
      return { statistics, score: metric.score };
    });
    const scores = bootstrapAll(corpora, seed);
    return Object.fromEntries(this.parts.map(({ metric }, at) => [metric.name, scores[at]!]));
  }
}

/** Gathers what a metric of any kind needs of each prediction. */
export function gatheringOf(metric: Metric): Gathering {
  if ('gather' in metric) return metric.gather();
  const statistics = new Statistics();
  return {
    add: (predictions) => { for (const one of metric.statistics(predictions)) statistics.add(one); },
    statistics: () => statistics,
  };
}
