import { z } from 'zod';
import type { ChatTurn } from './chat-turn.ts';
import { FORK_KINDS, type Fork, type TokenRole } from './fork.ts';
import type { ProblemReport } from './problem.ts';
import { dataViewSchema, type DecodeSettings } from './recipe.ts';

/** The divergences measured of every token; `jsd` with the inspection's own beta. */
export const COMPARED_DIVERGENCES = ['forward_kl', 'reverse_kl', 'jsd', 'tvd'] as const;
export type ComparedDivergence = (typeof COMPARED_DIVERGENCES)[number];

/** Everything measured of a token, in the order in which it is packed. */
export const TOKEN_NUMBERS = [
  ...COMPARED_DIVERGENCES, 'studentEntropy', 'teacherEntropy', 'studentLogprob', 'teacherLogprob', 'studentRank', 'teacherRank',
] as const;
export type TokenNumber = (typeof TOKEN_NUMBERS)[number];

/** Which text is looked at: what the student writes to prompts of a file, or what it wrote in training. */
export const inspectionSourceSchema = z.discriminatedUnion('kind', [
  /** The run's held-out examples. */
  z.strictObject({ kind: z.literal('validation') }),
  z.strictObject({ kind: z.literal('data'), data: z.string().min(1).max(4096), view: dataViewSchema }),
  /** Rollouts of the run, spread evenly over the steps where there are more than `examples`. */
  z.strictObject({ kind: z.literal('rollouts'), fromStep: z.int().nonnegative().optional(), toStep: z.int().nonnegative().optional() }),
]);
export type InspectionSource = z.infer<typeof inspectionSourceSchema>;

export interface InspectionSettings {
  source: InspectionSource;
  examples: number;
  beta: number;
  maxNewTokens: number;
  decode: DecodeSettings;
  seed: number;
}

/** A student's text against its teacher, over a whole set. */
export interface Inspection {
  id: string;
  created: number;
  title: string;
  /** The run it belongs to, and the step its student stood at; null for a pair of models. */
  run: string | null;
  step: number | null;
  teacher: string;
  student: string;
  settings: InspectionSettings;
  state: 'going' | 'done' | 'stopped' | 'failed';
  error: ProblemReport | null;
  samples: number;
  /** Samples that gave way to keep the inspection within its budget: the ones nearest to the teacher. */
  dropped: number;
  bytes: number;
}

/** A fork with what stands there, what the teacher would have written, and how it would have gone on. */
export interface ToldFork extends Fork {
  text: string;
  wanted: string;
  /** Null where it was not asked: at an end. */
  continuation: string | null;
}

/** What a sample is about, whoever measured it. */
export interface SampleText {
  /** The row's place in its file. */
  example: number;
  /** The training step at which it was written; null for text written for the inspection. */
  step: number | null;
  prompt: string;
  /** The conversation before the chat template, where there was one: what a correction is kept with. */
  turns: ChatTurn[] | null;
  /**
   * The same as the data file has it, JSON of {messages, tools}, where that says more than `turns`: tools, or numbers and
   * orders of keys that JavaScript would write otherwise.
   */
  source?: string | null;
  completion: string;
  reference: string | null;
  ended: boolean;
}

/** A text as it was measured: ids, and `TOKEN_NUMBERS` one after the other, each as long as `tokens`. */
export interface MeasuredSample extends SampleText {
  promptTokens: Int32Array;
  tokens: Int32Array;
  texts: string[];
  numbers: Float32Array;
  roles: TokenRole[];
  forks: ToldFork[];
}

/** A row of the table. */
export interface SampleRow {
  id: number;
  example: number;
  step: number | null;
  prompt: string;
  completion: string;
  length: number;
  ended: boolean;
  /** Mean of the chosen divergence, in nats a token. */
  divergence: number;
  forks: number;
  /** With what stands right before it in the completion, and behind it. */
  worstFork: (Pick<ToldFork, 'position' | 'kind' | 'gap' | 'text' | 'wanted'> & { before: string; after: string }) | null;
}

/** A sample as it is read back. */
export interface InspectedSample extends SampleText {
  id: number;
  inspection: string;
  promptLength: number;
  tokens: ({ id: number; text: string; role: TokenRole } & Record<TokenNumber, number>)[];
  forks: ToldFork[];
}

export const SAMPLE_ORDERS = ['fork', 'divergence', 'forks', 'length', 'position', 'example'] as const;

const range = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
/** What the samples shown have in common. Those of forks hold for one and the same fork; ranges include both ends. */
export const sampleFilterSchema = z.strictObject({
  kind: z.enum(FORK_KINDS).optional(),
  /** What the student wrote at a fork, and what the teacher would have. */
  token: z.string().max(1000).optional(),
  wanted: z.string().max(1000).optional(),
  position: range.optional(),
  length: range.optional(),
  search: z.string().max(1000).optional(),
});
export type SampleFilter = z.infer<typeof sampleFilterSchema>;

export interface SampleQuery {
  order: (typeof SAMPLE_ORDERS)[number];
  descending: boolean;
  divergence: ComparedDivergence;
  filter: SampleFilter;
  offset: number;
  limit: number;
}

export interface Bar { from: number; to: number; count: number }

/**
 * What forks are and where, over the samples that meet the filter; each distribution leaves its own part of the filter
 * out, so that one can choose another of its values.
 */
export interface Distributions {
  kinds: { kind: Fork['kind']; count: number }[];
  /** The tokens written at most forks, and the ones the teacher wanted, with the mean gap in nats. */
  tokens: { text: string; count: number; gap: number }[];
  wanted: { text: string; count: number; gap: number }[];
  /** Forks by their place in the completion, samples by their length in tokens. */
  positions: Bar[];
  lengths: Bar[];
}

/** The same prompt at one time of training. */
export interface PromptMoment {
  label: string;
  step: number;
  sample: Omit<InspectedSample, 'id' | 'inspection'>;
  /** Null where the text was recorded in training: its numbers are then those of the student inspected. */
  isRecorded: boolean;
}

/** How both models would go on from a place, with the token the teacher prefers there or another one. */
export interface Alternatives { teacher: string; student: string; token: string }
