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
}

/** Something to change before a run, or to know: a finding with the names of the measurements that it rests on; none where it was found without measuring. */
export interface Advice extends Finding { measured: string[] }

export interface AdviceReport {
  /** Rows that were measured, of how many, and whose. 0 where a problem kept it from measuring. */
  rows: number;
  of: number;
  whose: 'held-out' | 'training';
  measured: Measurement[];
  /** Problems first, then what measuring tells, then what is worth knowing without it. */
  advice: Advice[];
}
