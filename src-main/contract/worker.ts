import { z } from 'zod';
import { DEVICES, DIVERGENCES } from './divergence.ts';
import type { DataPreview, SeenData } from './data-view.ts';
import { phaseSchema, runEventSchema } from './event-schema.ts';
import { WEIGHT_PRECISIONS, type ModelDescription } from './model-description.ts';
import { dataViewSchema, decodeSchema, recipeSchema } from './recipe.ts';
import type { TokenReport } from './token-report.ts';
import type { CommandMap } from './worker-host.ts';

const path = z.string().min(1);
const text = z.string();
const count = z.int().positive();
const seed = z.int().min(0).max(2 ** 32 - 1);
const real = z.custom<number>((value) => typeof value === 'number', 'not a number');
const nothing = z.null();

const run = {
  params: z.strictObject({ recipe: recipeSchema, runDir: path, runId: text.min(1), isResumed: z.boolean() }),
  /** The run's last event, `stopped` or `done`; a run that fails rejects. */
  result: z.strictObject({ status: z.enum(['done', 'stopped']), step: z.int(), checkpoint: path.nullable() }),
  event: runEventSchema,
};

/**
 * Finish the step, save a checkpoint where `save` says so, end the run with `stopped`. Answered at once; the run's own
 * request settles later.
 */
const stop = { params: z.strictObject({ runId: text, save: z.boolean().default(true) }), result: nothing, event: z.never() };

const evaluate = {
  params: z.strictObject({
    model: path, device: z.enum(DEVICES), data: path, prompt: text, reference: text.nullable(), chat: z.boolean(),
    metrics: z.array(text), examples: count.nullable(), maxNewTokens: count, decode: decodeSchema, seed,
  }),
  result: z.strictObject({
    examples: z.int(),
    metrics: z.record(text, z.strictObject({ value: real, low: real.nullable(), high: real.nullable() })),
    /** Of the metrics that have one: how they were computed, in the words of the package that the field compares by. */
    signatures: z.record(text, text),
  }),
  event: z.discriminatedUnion('event', [
    phaseSchema,
    z.strictObject({ event: z.literal('prediction'), prompt: text, prediction: text, reference: text.nullable() }),
  ]),
};

const generate = {
  params: z.strictObject({
    model: path, device: z.enum(DEVICES), prompt: text, chat: z.boolean(), system: text.nullable(), maxNewTokens: count, decode: decodeSchema, seed,
  }),
  /** `best`: of beam search every text it kept, best first, with its score. */
  result: z.strictObject({ text, tokens: z.array(z.int()), ended: z.boolean(), best: z.array(z.strictObject({ text, score: real })) }),
  /** The text as it grows: what was added since the last event. */
  event: z.strictObject({ event: z.literal('text'), text }),
};

const rankedTokens = z.array(z.strictObject({ id: z.int(), text, logprob: real }));
const tokenReportSchema = z.strictObject({
  prompt: text, completion: text, promptTokens: z.int(),
  tokens: z.array(z.strictObject({
    id: z.int(), text, divergence: real, studentLogprob: real, teacherLogprob: real,
    studentEntropy: real, teacherEntropy: real, studentRank: count, teacherRank: count, studentTop: rankedTokens, teacherTop: rankedTokens,
  })),
  meanDivergence: real,
}) satisfies z.ZodType<TokenReport>;

const inspect = {
  params: z.strictObject({
    teacher: path, student: path, device: z.enum(DEVICES), data: path, prompt: text, completion: text.nullable(), chat: z.boolean(),
    divergence: z.enum(DIVERGENCES), beta: z.number().gt(0).lt(1), examples: count.nullable(), maxNewTokens: count, decode: decodeSchema, seed,
  }),
  result: z.strictObject({ examples: z.int(), meanDivergence: real }),
  event: z.discriminatedUnion('event', [phaseSchema, z.strictObject({ event: z.literal('report'), report: tokenReportSchema })]),
};

const exportModel = {
  params: z.strictObject({ model: path, to: path, precision: z.enum(['fp32', 'fp16', 'int8', 'int4']) }),
  result: z.strictObject({
    folder: path, bytes: z.int(), maxLogitDifference: real, meanLogitDifference: real, topAgreement: real,
  }),
  event: phaseSchema,
};

/** A few steps of the recipe, measured and thrown away: what the review of a new run forecasts from. */
const probe = {
  params: z.strictObject({ recipe: recipeSchema, runDir: path, steps: count }),
  result: z.strictObject({
    steps: count, totalSteps: count, parameters: z.int(), microBatchSize: count, stepMs: real, memory: real, diskNeeded: real, diskFree: real,
  }),
  event: phaseSchema,
};

/** Everything that is looked at before a run begins. Rejects with the first problem. */
const check = { params: z.strictObject({ recipe: recipeSchema, runDir: path }), result: nothing, event: z.never() };

/** What only the interface shows: made and read by one build of this program, so its shape is not checked again. */
const view = <T>(): z.ZodType<T> => z.custom<T>((value) => typeof value === 'object' && value !== null);
const page = { offset: z.int().nonnegative(), limit: count };

const preview = { params: z.strictObject({ data: path, ...page }), result: view<DataPreview>(), event: z.never() };
const see = {
  params: z.strictObject({ data: path, model: path, view: dataViewSchema, ...page }), result: view<SeenData>(), event: z.never(),
};
const describe = { params: z.strictObject({ model: path }), result: view<ModelDescription>(), event: z.never() };
const pair = {
  params: z.strictObject({ teacher: path, student: path }),
  result: z.strictObject({
    teacher: view<ModelDescription>(), student: view<ModelDescription>(), sharedVocabulary: z.int(), differences: z.array(text), warnings: z.array(text),
  }),
  event: z.never(),
};
const importModel = {
  params: z.strictObject({ source: path, to: path, precision: z.enum(WEIGHT_PRECISIONS) }), result: nothing,
  event: z.strictObject({ event: z.literal('progress'), done: z.int(), total: z.int() }),
};
const makeStudent = { params: z.strictObject({ teacher: path, layers: z.array(z.int()), to: path }), result: nothing, event: z.never() };

/**
 * What the computing process can be asked. A command is one entry here and one handler in `worker/entry.ts`;
 * everything that crosses is validated by these schemas on the side that receives it. All paths are absolute.
 */
export const COMMANDS = { run, stop, evaluate, generate, inspect, export: exportModel, probe, check, preview, see, describe, pair, import: importModel, makeStudent } satisfies CommandMap;
export type Commands = typeof COMMANDS;
