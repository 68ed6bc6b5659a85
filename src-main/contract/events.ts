import type { BestScore, StoppedEarly } from './best.ts';
import type { MemoryForecast, Outcome } from './forecast.ts';
import type { ProblemReport } from './problem.ts';

/**
 * What is measured at every update. A value that has no meaning at a step (the on-policy divergence of a
 * step without student text) is null, so that a chart can leave a gap.
 */
export interface StepMetrics {
  step: number;
  loss: number;
  /** Mean divergence a token, in nats, on the student's own text and on the data. */
  divergenceOnPolicy: number | null;
  divergenceOffPolicy: number | null;
  /** Mean entropy a token, in nats. */
  studentEntropy: number;
  teacherEntropy: number | null;
  /** Share of tokens at which both models' first choice is the same. */
  agreement: number | null;
  /** Where only the likeliest tokens of the teacher are known: the mean probability that it gives to those. Of one with another tokenizer: to the tokens that the student has too. */
  teacherCovered: number | null;
  /** Of a teacher with another tokenizer: the share of tokens at which what it thinks of the student's text is known, and the two are compared. */
  teacherCompared: number | null;
  /** Share of the batch's examples the student wrote itself. */
  onPolicyShare: number;
  /** Mean length of the student's own completions in tokens, EOS included, and the share that ended with it. */
  rolloutLength: number | null;
  rolloutEosRate: number | null;
  /** Mean reward of the student's own completions, where they have one. */
  reward: number | null;
  /** Norm of the whole gradient before clipping. */
  gradientNorm: number;
  learningRate: number;
  lambda: number;
  epoch: number;
  /** Tokens that were learned from in this step, and tokens of the whole run so far. */
  completionTokens: number;
  totalTokens: number;
  tokensPerSecond: number;
  rolloutMs: number;
  teacherMs: number;
  updateMs: number;
  stepMs: number;
  /** Resident memory of the computing process in bytes. */
  memory: number;
  /** Bytes that Retort's tensors hold on the device where the student learns; null where that is the host. */
  deviceMemory: number | null;
  /** Steps so far that have changed nothing because their gradient was no number; null while there are none. */
  skipped: number | null;
  /** What the loss was multiplied with, so that gradients fit into float16; null where nothing is computed in it. */
  lossScale: number | null;
}

/** One number with its 95% interval; `low` and `high` are null where no interval makes sense. */
export interface Score { value: number; low: number | null; high: number | null }

export interface Prediction { prompt: string; prediction: string; reference: string | null }

/** An answer kept to be read, beside the teacher's own where there is a teacher. */
export interface Sample extends Prediction { teacher: string | null }

export interface Evaluation {
  step: number;
  examples: number;
  /** Mean divergence a token on held-out completions, by the run's own divergence; null without a teacher. */
  divergence: number | null;
  /** Mean negative log-likelihood a token of held-out completions, in nats; null without references. */
  loss: number | null;
  /** The 95% intervals of both. */
  divergenceLow: number | null;
  divergenceHigh: number | null;
  lossLow: number | null;
  lossHigh: number | null;
  metrics: Record<string, Score>;
  samples: Sample[];
}

/** A completion the student wrote in training, with what the teacher thought of every token. */
export interface Rollout {
  step: number;
  /** Index of the example in the training data. */
  example: number;
  prompt: string;
  completion: string;
  tokens: number[];
  divergence: number[];
  ended: boolean;
}

export type Phase = 'prepare' | 'teacher-data' | 'teacher-states' | 'train' | 'evaluate' | 'checkpoint' | 'export';

/** Of a recipe with stages: one begins behind step `first`, and makes so many. */
export interface StageBegun { name: string; number: number; of: number; first: number; steps: number }

/** What a run tells while it goes on. `retort run --json` prints these, one a line. */
export type RunEvent =
  /** `stageSteps`: of a recipe with stages, the steps of each. */
  | { event: 'started'; runId: string; runDir: string; name: string; steps: number; fromStep: number; parameters: number; stageSteps?: number[] }
  | ({ event: 'stage' } & StageBegun)
  /** Behind `started` of a resumed run: its checkpoint, the last measurements up to it and the stages that had begun, for a history that missed them. */
  | { event: 'restored'; checkpoint: { step: number; path: string }; steps: StepMetrics[]; evaluations: Evaluation[]; best?: BestScore; stages?: StageBegun[] }
  /** What the run is expected to take of memory, before anything of it is loaded. */
  | { event: 'forecast'; memory: MemoryForecast }
  /** How long the run will take in all by its first steps and evaluation, in milliseconds. */
  | { event: 'pace'; totalMs: number }
  /** What was expected, and what it took; before the run's last event. */
  | { event: 'outcome'; outcome: Outcome }
  | { event: 'phase'; phase: Phase; done: number; total: number }
  | ({ event: 'step' } & StepMetrics)
  | { event: 'rollouts'; rollouts: Rollout[] }
  | ({ event: 'evaluation' } & Evaluation)
  /** `best`: where the recipe asks for one; its checkpoint is kept beside the newest. */
  | { event: 'checkpoint'; step: number; path: string; best?: BestScore }
  | { event: 'warning'; code: string; message: string }
  | { event: 'stopped'; step: number; checkpoint: string | null }
  | { event: 'done'; step: number; checkpoint: string; best?: BestScore; stoppedEarly?: StoppedEarly }
  | { event: 'failed'; error: ProblemReport };

/** `waiting`: in the queue behind another run. */
export type RunStatus = 'waiting' | 'running' | 'done' | 'stopped' | 'interrupted' | 'failed';
