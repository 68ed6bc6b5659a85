import type { Finding } from './finding.ts';

/** What a number counts. A share lies between 0 and 1. */
export type MeasurementUnit = 'share' | 'nats a token' | 'tokens' | 'tokens a second' | 'milliseconds' | 'rows' | 'score';

/** One number measured before a run. */
export interface Measurement {
  /** "student.perplexity" */
  name: string;
  /** The same for a person: "perplexity of the right answers to the student". */
  label: string;
  value: number;
  unit: MeasurementUnit;
  /** Of an estimate its 95% interval over the rows. */
  low: number | null;
  high: number | null;
  /** Of how many rows it is; null where it is of the run itself. */
  rows: number | null;
  /** Of a recipe with stages, the name of the one that it was measured of. */
  stage?: string;
}

/** What was measured of: rows, of how many, and whose. 0 rows where a problem kept it from measuring. */
export interface MeasuredRows { rows: number; of: number; whose: 'held-out' | 'training' }

/** A stage, measured by its own method, texts and metrics. */
export interface MeasuredStage extends MeasuredRows {
  name: string;
  /** Steps of the run that the measured student had made: 0 is the recipe's own. Null where the stages before this one have not made the student that it begins with. */
  step: number | null;
}

/** How a stage's student is called that is not there yet. */
const STUDENT_TO_COME = 'as the student is now: what the stages before make of it is yet to come';
export const measuredStudent = ({ step }: Pick<MeasuredStage, 'step'>): string => (step === null ? STUDENT_TO_COME : step === 0 ? 'the recipe\'s student' : `the student of step ${step}`);

/** Something to change before a run, or to know: a finding with the names of the measurements that it rests on; none where it was found without measuring. */
export interface Advice extends Finding { measured: string[] }

export interface AdviceReport extends MeasuredRows {
  /** In their order, of a recipe with stages; rows are then those of the first. */
  stages?: MeasuredStage[];
  measured: Measurement[];
  /** Problems first, then what measuring tells, then what is worth knowing without it. */
  advice: Advice[];
}
