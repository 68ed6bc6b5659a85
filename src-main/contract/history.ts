import type { BestScore } from './best.ts';
import type { Rollout, RunStatus, Score, StepMetrics } from './events.ts';
import type { Engine } from './handover.ts';
import type { ProblemReport } from './problem.ts';
import type { Recipe } from './recipe.ts';

/** What the history holds, as it is read back. Times are milliseconds since 1970. */

/** The latest evaluation in one number: its first task metric, or else the divergence, or else the loss. */
export interface Headline { name: string; value: number; step: number }

export interface RunRecord {
  id: string;
  name: string;
  status: RunStatus;
  recipe: Recipe;
  runDir: string;
  tags: string[];
  /** When it was created, first started, last heard of, ended. */
  created: number;
  started: number | null;
  updated: number;
  ended: number | null;
  /** The last step in the history, and the steps the run shall have. */
  lastStep: number;
  totalSteps: number | null;
  parameters: number | null;
  checkpoint: { step: number; path: string } | null;
  headline: Headline | null;
  /** As of the last checkpoint; null where the recipe asks for none. */
  best: BestScore | null;
  error: ProblemReport | null;
  /** What trained it where that was not Retort; null for a run of its own. */
  engine: Engine | null;
}

/** A step as it is read back. SQLite keeps no NaN: what was not a number is null. */
export type StoredStep = { [Field in keyof StepMetrics]: Field extends 'step' ? number : number | null };
export type StepField = Exclude<keyof StepMetrics, 'step'>;

/** Every measured field, in the order of the database's columns. */
export const STEP_FIELDS = Object.keys({
  loss: true, divergenceOnPolicy: true, divergenceOffPolicy: true, studentEntropy: true, teacherEntropy: true,
  agreement: true, onPolicyShare: true, rolloutLength: true, rolloutEosRate: true, gradientNorm: true,
  learningRate: true, lambda: true, epoch: true, completionTokens: true, totalTokens: true, tokensPerSecond: true,
  rolloutMs: true, teacherMs: true, updateMs: true, stepMs: true, memory: true, reward: true, teacherCovered: true, deviceMemory: true, skipped: true, lossScale: true, teacherCompared: true,
} satisfies Record<StepField, true>) as StepField[];

/**
 * What a chart can be drawn of: the fields, and the loss of the steps whose texts are all the student's own, or all of
 * the data. Where a whole batch is one or the other by a draw, the loss alone jumps between two lines.
 */
export type SeriesField = StepField | 'lossOnPolicy' | 'lossOffPolicy';
export const SERIES_FIELDS: readonly SeriesField[] = [...STEP_FIELDS, 'lossOnPolicy', 'lossOffPolicy'];

/** One field over time; an entry is null where no step of the bucket has a value. */
export interface ThinnedField { mean: (number | null)[]; min: (number | null)[]; max: (number | null)[] }

/**
 * A run's steps in at most so many stretches of equally many step numbers. All arrays have one entry a
 * stretch that holds a step; `elapsedMs` is the time spent in steps from the start of the run to its end.
 */
export interface Series {
  firstStep: number[];
  lastStep: number[];
  elapsedMs: number[];
  fields: Partial<Record<SeriesField, ThinnedField>>;
}

/** Steps `from` to `to`, both included; the whole run where they are left out. */
export interface SeriesRequest { fields: readonly SeriesField[]; buckets: number; from?: number | undefined; to?: number | undefined }

export type StoredScore = { [Field in keyof Score]: number | null };

/** An evaluation as a point of a chart; its samples are read on their own. */
export interface StoredEvaluation {
  step: number;
  examples: number;
  divergence: number | null;
  loss: number | null;
  divergenceLow: number | null;
  divergenceHigh: number | null;
  lossLow: number | null;
  lossHigh: number | null;
  metrics: Record<string, StoredScore>;
}

export type LogLevel = 'info' | 'warning' | 'error';
export interface LogEntry { at: number; step: number; level: LogLevel; code: string; message: string }
export interface StoredLogEntry extends LogEntry { id: number }

export interface StoredRollout extends Rollout { id: number; meanDivergence: number; maxDivergence: number }

export const ROLLOUT_ORDERS = ['step', 'mean', 'max', 'length'] as const;

export interface RolloutQuery {
  order: (typeof ROLLOUT_ORDERS)[number];
  descending: boolean;
  offset: number;
  limit: number;
  /** Steps `fromStep` to `toStep`, both included. */
  fromStep?: number | undefined;
  toStep?: number | undefined;
  /** Only those that ended by themselves, or only those cut off. */
  ended?: boolean | undefined;
  /** Only those about one example of the training data: the same prompt over training time. */
  example?: number | undefined;
  /** Text that prompt and completion, one after the other, contain; the case of ASCII letters does not matter. */
  search?: string | undefined;
}
