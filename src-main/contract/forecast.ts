import type { Change } from './finding.ts';
import type { Device } from './divergence.ts';

/** What a run's memory goes to, by the name that is shown. */
export const MEMORY_PARTS = {
  weights: 'weights', gradients: 'gradients', moments: 'moments', teacher: 'teacher', runtime: 'runtime',
  activations: 'activations', decoding: 'copy packed for writing', cache: 'cache of keys and values',
} as const;
export type MemoryPart = keyof typeof MEMORY_PARTS;

/** Bytes that a run takes, by part, worked out before it begins. */
export interface MemoryForecast {
  parts: Record<MemoryPart, number>;
  /** At once at most: writing, judging and learning take turns, so of activations and what writing takes only the larger counts. */
  peak: number;
  /** Free now, and what the machine has. */
  free: number;
  total: number;
  /** Of a run that computes on a device: what lies there instead. */
  device?: DeviceForecast;
}

/** Bytes of a device's own memory; `peak` as above. */
export interface DeviceForecast extends Pick<MemoryForecast, 'parts' | 'peak'> { name: Device }

/** A change of a recipe that lowers its memory, as a merge patch, and the peak that it leaves. */
export interface Remedy extends Change { label: string; peak: number }

/** What a run was expected to take and what it took. */
export interface Outcome {
  memory: { expected: number; measured: number };
  /** In milliseconds; null where the run was too short to expect anything. */
  time: { expected: number; measured: number } | null;
}

/** What a new run will take, measured on this machine by a few steps and an evaluation of a few examples. Times in milliseconds. */
export interface Forecast {
  /** Steps measured, and steps the run will have. */
  steps: number;
  totalSteps: number;
  parameters: number;
  microBatchSize: number;
  /** Reading the models, and what the first step takes longer than the others. */
  startMs: number;
  stepMs: number;
  /** Of a step: what the student writes, what the teacher judges, learning from it. */
  stepParts: { rollout: number; teacher: number; update: number };
  /** Null where nothing is held out. */
  evaluation: ForecastEvaluation | null;
  /** Start, all steps and all evaluations; writing checkpoints is not in it, nor what a teacher writes first. */
  totalMs: number;
  /** Whether the teacher writes all texts that are learned before the first step. */
  isTeacherFirst: boolean;
  /** Bytes at the peak of the measured steps. */
  memory: number;
  /** What was expected of it, by part. */
  expected: MemoryForecast;
  /** Of a recipe with stages, each by itself; above stand their sums, and steps as long as they are in the mean. `totalMs`: its start and steps. */
  stages?: { name: string; steps: number; stepMs: number; totalMs: number }[];
  /** Bytes its checkpoints will take, and bytes free there. */
  diskNeeded: number;
  diskFree: number;
}

export interface ForecastEvaluation {
  /** How often a run to its last step evaluates: before it, between steps as the recipe says, and after it. */
  times: number;
  /** Examples of each evaluation, and how many of them were measured. */
  examples: number;
  measured: number;
  /** One evaluation of all examples. */
  ms: number;
  /** The teacher's own answers, written once; 0 without a teacher. */
  teacherMs: number;
}
