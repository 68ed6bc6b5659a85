import { chatTurnSchema } from '../chat-turn.ts';
import { z } from 'zod';
import type { Correction, CorrectionMix, CorrectionSet } from '../correction.ts';
import {
  COMPARED_DIVERGENCES, inspectionSourceSchema, SAMPLE_ORDERS, sampleFilterSchema, type Alternatives, type Distributions, type InspectedSample,
  type Inspection, type PromptMoment, type SampleRow,
} from '../inspection.ts';
import { decodeSchema } from '../recipe.ts';
import type { TokenJudgement } from '../token-report.ts';
import { reads, writes } from './call.ts';

const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);
const sampleId = z.int().positive();
const page = { offset: z.int().nonnegative(), limit: z.int().min(1).max(1000) };
const dataset = z.string().trim().min(1).max(100);
const list = { id, order: z.enum(SAMPLE_ORDERS), descending: z.boolean(), divergence: z.enum(COMPARED_DIVERGENCES), filter: sampleFilterSchema };

/** What is looked at: a run's student at a step (the last one where it is left out) against its teacher, or any pair of models. */
const subject = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), runId: id, step: z.int().nonnegative().optional() }),
  z.strictObject({ kind: z.literal('pair'), teacher: path, student: path }),
]);

const turns = z.array(chatTurnSchema).nullable();

/** The calls of the mistakes inspector. */
export const INSPECTION_CALLS = {
  'inspections.list': reads<Inspection[]>()(z.null()),
  /** The students of a run that are there, 0 for the one it began with. */
  'inspections.moments': reads<{ step: number; path: string }[]>()(z.strictObject({ runId: id })),
  /** Begins an inspection as a job that has its id; its samples can be read while it goes on. */
  'inspections.start': writes<Inspection>()(z.strictObject({
    subject, source: inspectionSourceSchema, examples: z.int().min(1).max(100_000), beta: z.number().gt(0).lt(1).default(0.5),
    /** Left out: as long as the run's answers may be. */
    maxNewTokens: z.int().min(1).max(4096).optional(),
    decode: decodeSchema.prefault({}),
    seed: z.int().min(0).max(2 ** 32 - 1).default(0),
  })),
  'inspections.remove': writes<null>()(z.strictObject({ id })),
  'inspections.samples': reads<{ total: number; samples: SampleRow[] }>()(z.strictObject({ ...list, ...page })),
  /** Where a sample stands in the list; null where the filter leaves it out. */
  'inspections.place': reads<number | null>()(z.strictObject({ ...list, sampleId })),
  'inspections.distributions': reads<Distributions>()(z.strictObject({ id, filter: sampleFilterSchema })),
  'inspections.sample': reads<InspectedSample>()(z.strictObject({ sampleId })),
  /** Both models' top choices at every token; asked of the models, not stored. */
  'inspections.look': reads<TokenJudgement[]>()(z.strictObject({ sampleId })),
  /** How both go on from a token of the sample. @see Alternatives */
  'inspections.goOn': reads<Alternatives>()(z.strictObject({ sampleId, position: z.int().nonnegative(), token: z.int().nonnegative().nullable() })),
  /** The sample's prompt at other times of the run's training. */
  'inspections.overTime': reads<PromptMoment[]>()(z.strictObject({ sampleId })),

  'corrections.sets': reads<CorrectionSet[]>()(z.null()),
  'corrections.list': reads<Correction[]>()(z.strictObject({ dataset, ...page })),
  'corrections.keep': writes<Correction>()(z.strictObject({
    dataset, prompt: z.string().min(1), turns, source: z.string().nullable().default(null), completion: z.string().min(1).max(1_000_000), written: z.string(), teacher: path, student: path,
  })),
  /** Writes the data of a run that learns from a data set of corrections, and the recipe of that run, which can still be changed. */
  'corrections.repair': writes<{ recipe: Record<string, unknown>; mix: CorrectionMix }>()(z.strictObject({ dataset })),
  /** How a training file was mixed; null where it is no such file. */
  'corrections.mix': reads<CorrectionMix | null>()(z.strictObject({ path })),
  'corrections.remove': writes<null>()(z.strictObject({ id: z.int().positive() })),
  /** Writes a data set as JSON Lines to a place of the person's. */
  'corrections.export': writes<null>()(z.strictObject({ dataset, path, replace: z.boolean().default(false) })),
};
