import { ACCEPTANCE, TOKENS_PER_CALL } from './acceptance.ts';
import { CHOICE_ACCURACY, CHOICE_ACCURACY_NORM, MULTIPLE_CHOICE } from './multiple-choice.ts';
import { PERPLEXITY } from './perplexity.ts';
import { findMetrics, METRIC_NAMES } from './score.ts';

/** A number that evaluations report, and which way it is better. */
export interface Reported { name: string; isLowerBetter: boolean }

const higher = (name: string): Reported => ({ name, isLowerBetter: false });
const lower = (name: string): Reported => ({ name, isLowerBetter: true });

/** What is measured whatever the metrics are. */
export const ALWAYS_REPORTED: readonly Reported[] = [lower('divergence'), lower('loss')];

/**
 * The numbers that an evaluation of a run reports for a metric, often one of the metric's own name.
 * @throws Problem where there is no such metric.
 */
export function reportedBy(metric: string): readonly Reported[] {
  switch (metric) {
    case PERPLEXITY: return [lower(PERPLEXITY)];
    case MULTIPLE_CHOICE: return [higher(CHOICE_ACCURACY), higher(CHOICE_ACCURACY_NORM)];
    case ACCEPTANCE: return [higher(ACCEPTANCE), higher(TOKENS_PER_CALL)];
    default: return findMetrics(metric).map(({ name, isLowerBetter = false }) => ({ name, isLowerBetter }));
  }
}

/** The metric to ask for where a number is wanted: its own name, or what reports it. */
export const metricReporting = (name: string): string | undefined =>
  METRIC_NAMES.find((metric) => metric === name) ?? METRIC_NAMES.find((metric) => reportedBy(metric).some((reported) => reported.name === name));
