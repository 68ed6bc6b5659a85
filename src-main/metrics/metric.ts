import type { Prediction } from '../contract/events.ts';

/**
 * A task metric. A corpus is scored from sums over its predictions, which fits means as well as corpus-level metrics
 * such as BLEU, and lets a resampled corpus be scored without looking at its texts again.
 */
export interface Metric {
  readonly name: string;
  /** Whether predictions are held against references. */
  readonly needsReference: boolean;
  /** Whether a smaller score is the better one. */
  readonly isLowerBetter?: boolean;
  /** How it was computed, in the words of the package that the field compares by. */
  readonly signature?: string;
  /** Whether each prediction is held against the others, so that all are needed together. */
  readonly isOfAll?: boolean;
  /** What each prediction adds to its corpus, equally many numbers for each. */
  statistics(predictions: readonly Prediction[]): readonly (readonly number[])[];
  /** The score of `count` predictions from the sums of their statistics; with one, that of the prediction itself. */
  score(sums: readonly number[], count: number): number;
}

/** A metric whose score is the mean of what each prediction is worth. */
export function meanMetric(name: string, needsReference: boolean, worth: (prediction: Prediction) => number): Metric {
  return {
    name, needsReference,
    statistics: (predictions) => predictions.map((prediction) => [worth(prediction)]),
    score: ([sum], count) => sum! / count,
  };
}
