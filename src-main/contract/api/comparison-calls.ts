import { z } from 'zod';
import {
  answerJudgeSchema, comparisonSourceSchema, comparisonViewSchema, MOST_MODELS, MOST_ROWS, type ComparedRow, type Comparison, type ModelSummary,
} from '../comparison.ts';
import { decodeSchema } from '../recipe.ts';
import { reads, writes } from './call.ts';

const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);
const page = { offset: z.int().nonnegative(), limit: z.int().min(1).max(200) };

/** A model folder, or the teacher or the student of a run at a step (the last one where it is left out; 0 is where it began). */
const subject = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('model'), path }),
  z.strictObject({ kind: z.literal('teacher'), runId: id }),
  z.strictObject({ kind: z.literal('student'), runId: id, step: z.int().nonnegative().optional() }),
]);

/** The calls of models side by side. */
export const COMPARISON_CALLS = {
  'comparisons.list': reads<Comparison[]>()(z.null()),
  /** Begins a comparison as a job that has its id; its rows can be read while it goes on. One of typed prompts waits for `ask`. */
  'comparisons.start': writes<Comparison>()(z.strictObject({
    /** A run alone stands for its teacher and its student before and after. */
    models: z.array(subject).min(2).max(MOST_MODELS).optional(), runId: id.optional(),
    /** Judges the answers; left out: the run's teacher, where there is a run. */
    teacher: path.optional(),
    source: comparisonSourceSchema, examples: z.int().min(1).max(MOST_ROWS).default(200),
    /** Left out: what the run asks of its student. */
    maxNewTokens: z.int().min(1).max(4096).optional(), metrics: z.array(z.string().min(1).max(100)).max(20).optional(), judge: answerJudgeSchema.optional(),
    decode: decodeSchema.prefault({}),
    seed: z.int().min(0).max(2 ** 32 - 1).default(0),
  }).refine(({ models, runId }) => models !== undefined || runId !== undefined, 'names neither models nor a run')),
  /** Lets the models of a comparison of typed prompts answer one more; goes on as a job. Their texts are told while they grow. */
  'comparisons.ask': writes<{ example: number }>()(z.strictObject({ id, prompt: z.string().min(1).max(100_000) })),
  'comparisons.remove': writes<null>()(z.strictObject({ id })),
  'comparisons.rows': reads<{ total: number; rows: ComparedRow[] }>()(z.strictObject({ id, ...comparisonViewSchema.shape, ...page })),
  /** Of each model; outcomes are counted whichever of them the filter asks for. */
  'comparisons.summary': reads<ModelSummary[]>()(z.strictObject({ id, ...comparisonViewSchema.shape })),
};
