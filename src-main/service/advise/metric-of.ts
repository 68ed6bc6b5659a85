import type { Recipe } from '../../contract/recipe.ts';
import type { Prediction } from '../../contract/events.ts';
import { bootstrap } from '../../metrics/bootstrap.ts';
import type { RowMetric } from '../../metrics/metric.ts';
import { pairedDifference } from '../../metrics/paired.ts';
import { findMetrics } from '../../metrics/score.ts';
import { Statistics } from '../../metrics/statistics.ts';
import type { Facts } from './facts.ts';

/** Answers of both models by the recipe's metric: the one that chooses its best checkpoint, or else the first that looks at written texts. Null where there is none. */
export function compareByMetric({ evaluate, seed }: Pick<Recipe, 'evaluate' | 'seed'>, student: readonly Prediction[], teacher: readonly Prediction[] | null): Facts['byMetric'] {
  const metrics = evaluate.metrics.flatMap(findMetrics).filter((metric) => 'statistics' in metric).filter(({ needsReference }) => needsReference);
  const metric = metrics.find(({ name }) => name === evaluate.best) ?? metrics[0];
  if (!metric || !student.some(({ reference }) => reference !== null)) return null;
  const [own, other] = [statisticsOf(metric, student), teacher && statisticsOf(metric, teacher)];
  return {
    name: metric.name, isLowerBetter: metric.isLowerBetter ?? false,
    student: bootstrap(Statistics.of(own), metric.score, seed), teacher: other && bootstrap(Statistics.of(other), metric.score, seed),
    lead: other && pairedDifference(own, other, metric.score, seed),
  };
}

const statisticsOf = (metric: RowMetric, predictions: readonly Prediction[]): readonly (readonly number[])[] => metric.statistics(predictions.filter(({ reference }) => reference !== null));
