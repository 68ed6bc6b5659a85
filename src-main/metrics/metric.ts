import type { Prediction } from '../contract/events.ts';
import type { Statistics } from './statistics.ts';

/**
 * A task metric. A corpus is scored from sums over its predictions, which fits means as well as corpus-level metrics
 * such as BLEU, and lets a resampled corpus be scored without looking at its texts again.
 */
interface AnyMetric {
  readonly name: string;
  /** Whether predictions are held against references. */
  readonly needsReference: boolean;
  /** Whether a smaller score is the better one. */
  readonly isLowerBetter?: boolean;
  /** How it was computed, in the words of the package that the field compares by. */
  readonly signature?: string;
  /** The score of `count` predictions from the sums of their statistics; with one, that of the prediction itself. */
  score(sums: readonly number[], count: number): number;
}

/** A metric that tells of each prediction by itself. */
export interface RowMetric extends AnyMetric {
  /** What each prediction adds to its corpus, equally many numbers for each. */
  statistics(predictions: readonly Prediction[]): readonly (readonly number[])[];
}

/** A metric that holds each prediction against the others, so that all are needed together. */
export interface CorpusMetric extends AnyMetric {
  gather(): Gathering;
}

/** The predictions of a corpus, given some at a time. */
export interface Gathering {
  add(predictions: readonly Prediction[]): void;
  /** What each prediction adds, once all have come. */
  statistics(): Statistics;
}

export type Metric = RowMetric | CorpusMetric;

/** A metric whose score is the mean of what each prediction is worth. */
export function meanMetric(name: string, needsReference: boolean, worth: (prediction: Prediction) => number): RowMetric {
  return {
    name, needsReference,
    statistics: (predictions) => predictions.map((prediction) => [worth(prediction)]),
    score: mean,
  };
}

export const mean = ([sum]: readonly number[], count: number): number => sum! / count;
