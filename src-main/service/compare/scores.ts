import type { Answer } from '../../contract/comparison.ts';
import type { Prediction, Score } from '../../contract/events.ts';
import { bootstrap } from '../../metrics/bootstrap.ts';
import type { RowMetric } from '../../metrics/metric.ts';
import { Statistics } from '../../metrics/statistics.ts';
import { findMetrics } from '../../metrics/score.ts';

/** The metrics of a list that can be told of one answer: those that hold it against its reference. @throws Problem where there is no such metric */
export const rowMetrics = (names: readonly string[]): RowMetric[] => [...new Set(names.flatMap(findMetrics))].filter((metric): metric is RowMetric => 'statistics' in metric && metric.needsReference);

/** Adds up what a model's answers are worth, without keeping their texts. */
export class ScoreSums {
  private readonly metrics: readonly RowMetric[];
  private readonly statistics: Statistics[];
  private readonly divergence = new Map<string, { sum: number; tokens: number }>();
  private answers = 0;
  private ended = 0;

  constructor(metrics: readonly RowMetric[]) {
    this.metrics = metrics;
    this.statistics = metrics.map(() => new Statistics());
  }

  /** The task metrics of each prediction; none of one without a reference. */
  score(predictions: readonly Prediction[]): Record<string, number>[] {
    const scores = predictions.map((): Record<string, number> => ({}));
    const places = predictions.flatMap(({ reference }, at) => (reference === null ? [] : [at]));
    this.metrics.forEach((metric, of) => {
      metric.statistics(places.map((at) => predictions[at]!)).forEach((statistics, row) => {
        this.statistics[of]!.add(statistics);
        scores[places[row]!]![metric.name] = metric.score(statistics, 1);
      });
    });
    return scores;
  }

  /** The mean a token of a divergence whose sum is told; null where it could not be measured. */
  mean(name: string, sum: number | null, tokens: number): number | null {
    if (sum === null) return null;
    const all = this.divergence.get(name) ?? { sum: 0, tokens: 0 };
    this.divergence.set(name, { sum: all.sum + sum, tokens: all.tokens + tokens });
    return sum / tokens;
  }

  count({ ended }: Pick<Answer, 'ended'>): void {
    this.answers++;
    if (ended) this.ended++;
  }

  /** Over all answers: metrics of the corpus, divergences a token of it, and the share that ended by itself. */
  all(seed: number): Record<string, Score> {
    const whole = (value: number): Score => ({ value, low: null, high: null });
    const metrics = this.metrics.flatMap(({ name, score }, of) => (this.statistics[of]!.length === 0 ? [] : [[name, bootstrap(this.statistics[of]!, score, seed)] as const]));
    return {
      ...Object.fromEntries(metrics),
      ...Object.fromEntries([...this.divergence].map(([name, { sum, tokens }]) => [name, whole(sum / tokens)])),
      ...(this.answers > 0 && { ended: whole(this.ended / this.answers) }),
    };
  }
}
