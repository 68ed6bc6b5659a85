import type { Prediction } from '../contract/events.ts';

/** A task metric: what one prediction is worth, and how many make one score. */
export interface Metric {
  readonly name: string;
  /** Whether predictions are held against references. */
  readonly needsReference: boolean;
  /** Worth of each prediction; their mean is the score. */
  perExample(prediction: Prediction): number;
}
