import { templateVariablesSchema } from './chat-turn.ts';
import { z } from 'zod';
import { DIVERGENCES } from './divergence.ts';
import type { Score } from './events.ts';
import type { ProblemReport } from './problem.ts';
import { dataViewSchema, type DecodeSettings } from './recipe.ts';

/** Models that still fit side by side, and rows that a comparison keeps. */
export const MOST_MODELS = 4;
export const MOST_ROWS = 20_000;

/**
 * Whether less of a measure is better. Besides the task metrics, which go by their own names, an answer has its mean
 * divergence a token to the teacher (`divergence`), that of the reference (`reference-divergence`), its `length` in
 * tokens, of which nothing is better, and for prompts typed by hand its `speed` in tokens a second.
 */
export const isLowerBetter = (measure: string): boolean => measure === 'divergence' || measure === 'reference-divergence';

/** What teacher and model are held against each other by, as a run's method has it. */
export const answerJudgeSchema = z.strictObject({
  divergence: z.enum(DIVERGENCES).exclude(['cross_entropy']).default('forward_kl'),
  beta: z.number().gt(0).lt(1).default(0.5),
  normalizeBeta: z.boolean().default(false),
  lossTemperature: z.number().gt(0).default(1),
});
export type AnswerJudgeSettings = z.infer<typeof answerJudgeSchema>;

/** Which prompts are answered. `chat` wraps them in the chat template of those models that have one. */
export const comparisonSourceSchema = z.discriminatedUnion('kind', [
  /** The run's held-out examples. */
  z.strictObject({ kind: z.literal('validation') }),
  z.strictObject({ kind: z.literal('data'), data: z.string().min(1).max(4096), view: dataViewSchema }),
  /** Typed by hand, one after the other. */
  z.strictObject({ kind: z.literal('prompts'), chat: z.boolean(), system: z.string().min(1).max(100_000).optional(), template: templateVariablesSchema.optional() }),
]);
export type ComparisonSource = z.infer<typeof comparisonSourceSchema>;

export interface ComparisonSettings {
  source: ComparisonSource;
  examples: number;
  maxNewTokens: number;
  decode: DecodeSettings;
  seed: number;
  /** Task metrics that hold an answer against its reference. */
  metrics: string[];
  judge: AnswerJudgeSettings;
}

/** What a model was and did, once it has answered. */
export interface AnsweringFacts {
  parameters: number;
  /** Bytes of the files that hold the weights. */
  bytes: number;
  /** Whether its prompts were wrapped in its chat template. */
  isChat: boolean;
  /** Why the teacher says nothing of it; null where it does, or nobody asked. */
  unjudged: string | null;
  /** All answers: how many, their tokens, the time it took to write them, and how many were written at once. */
  answers: number;
  tokens: number;
  milliseconds: number;
  atOnce: number;
  /** Over all answers: task metrics of the corpus with their intervals, divergences a token, share that ended by itself. */
  scores: Record<string, Score>;
}

export interface ComparedModel {
  label: string;
  path: string;
  role: 'teacher' | 'before' | 'after' | 'model';
  facts: AnsweringFacts | null;
}

/** Two to four models that answer the same prompts. */
export interface Comparison {
  id: string;
  created: number;
  title: string;
  /** The run it belongs to; null for models of no run. */
  run: string | null;
  /** The folder of the model that judges the answers. */
  teacher: string | null;
  models: ComparedModel[];
  settings: ComparisonSettings;
  state: 'going' | 'done' | 'stopped' | 'failed';
  error: ProblemReport | null;
  rows: number;
}

export interface Answer {
  text: string;
  /** Its length, the end included. */
  tokens: number;
  ended: boolean;
  /** By measure; null where it could not be measured. */
  scores: Record<string, number | null>;
}

export interface RowText { example: number; prompt: string; reference: string | null }

/** A prompt with what each model answered, in the order of the models; null where it has not answered. */
export interface ComparedRow extends RowText { id: number; answers: (Answer | null)[] }

const model = z.int().min(0).max(MOST_MODELS - 1);
const measure = z.string().min(1).max(100);
export const OUTCOMES = ['win', 'tie', 'loss'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is looked at in a comparison, and in which order. */
export const comparisonViewSchema = z.strictObject({
  /** What decides between two answers, and the model that the others are held against. */
  measure, baseline: model,
  order: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('example') }),
    /** A measure of one model's answer. */
    z.strictObject({ by: z.literal('value'), measure, model }),
    /** How much better a model's answer is than the baseline's. */
    z.strictObject({ by: z.literal('gain'), model }),
  ]),
  descending: z.boolean(),
  filter: z.strictObject({
    /** A text that prompt, reference or an answer contains. */
    search: z.string().max(1000).optional(),
    outcome: z.strictObject({ model, is: z.enum(OUTCOMES) }).optional(),
    /** Only rows where this model's text is not the baseline's. */
    differs: model.optional(),
    /** Bounds are included. */
    range: z.strictObject({ measure, model, from: z.number().optional(), to: z.number().optional() }).optional(),
  }),
});
export type ComparisonView = z.infer<typeof comparisonViewSchema>;

export interface RowQuery extends ComparisonView { offset: number; limit: number }

/**
 * A model over the rows that meet a filter: how often it was better than the baseline, as good, and worse, and the mean
 * of every measure of its answers.
 */
export interface ModelSummary extends Record<Outcome, number> { means: Record<string, number> }
