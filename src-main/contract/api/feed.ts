import type { Evaluation, Phase, StepMetrics } from '../events.ts';
import type { ProblemReport } from '../problem.ts';
import type { Settings } from './settings.ts';

/** A run that computes now, or waits for the one before it. */
export interface LiveRun {
  runId: string;
  name: string;
  state: 'waiting' | 'starting' | 'running' | 'stopping';
  /** What it does besides stepping; null while it steps. */
  phase: { name: Phase | 'read'; done: number; total: number } | null;
  step: number;
  totalSteps: number | null;
  /** The step and time (milliseconds since 1970) this session began at; rate and time left count from here. */
  from: { step: number; at: number } | null;
  /** Milliseconds of this session since `from` that went into evaluations and checkpoints, and since when there is one now. */
  aside: { ms: number; since: number | null };
  /** Milliseconds that the last evaluation took, null before the first, and how many are still to come. */
  evaluations: { ms: number | null; left: number };
}

/** Something besides runs that takes a while: an import, a download, a new student, an export, a forecast, advice, an inspection or a comparison (whose id it has). */
export interface Job {
  id: string;
  kind: 'import' | 'download' | 'make-student' | 'export' | 'forecast' | 'advise' | 'inspect' | 'compare';
  /** What it is about, for a person: a file, a model, a run. */
  title: string;
  done: number;
  total: number;
  /** Rows of a long file that have been read for it; null where it does something else. */
  rows: number | null;
  state: 'going' | 'done' | 'failed' | 'cancelled';
  error: ProblemReport | null;
  /** What a person should know of its outcome, in sentences. */
  warnings: string[];
}

/**
 * What the program tells every window unasked. A topic without content says that something changed and may be
 * asked for again; `resync` says that messages were missed, so everything shown may be old.
 */
export type FeedMessage =
  | { topic: 'resync' }
  | { topic: 'runs' }
  | { topic: 'models' }
  | { topic: 'drafts' }
  | { topic: 'inspections' }
  | { topic: 'corrections' }
  | { topic: 'comparisons' }
  /** The answer of a model to a typed prompt as far as it is written, the whole of it each time. */
  | { topic: 'answer'; id: string; example: number; model: number; text: string }
  /** The answer `id` as far as it is written, the whole of it each time. */
  | { topic: 'chat'; id: string; text: string }
  | { topic: 'exports' }
  | { topic: 'live'; live: LiveRun[] }
  | { topic: 'jobs'; jobs: Job[] }
  /** Rows of a long file that have been read for a question of the asker with this id. */
  | { topic: 'reading'; asker: string; rows: number }
  | { topic: 'settings'; settings: Settings }
  /** New steps of a run in order, at most ten messages a second however fast it steps. */
  | { topic: 'steps'; runId: string; steps: StepMetrics[] }
  | { topic: 'evaluation'; runId: string; evaluation: Omit<Evaluation, 'samples'> }
  | { topic: 'rollouts'; runId: string; step: number }
  | { topic: 'log'; runId: string }
  /** A run came to its end, however it did: for notifications. */
  | { topic: 'ended'; runId: string; name: string; how: 'done' | 'stopped' | 'interrupted' | 'failed'; error: ProblemReport | null };
