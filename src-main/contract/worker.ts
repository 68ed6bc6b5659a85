import { z } from 'zod';
import type { AdviceReport } from './advice.ts';
import { chatTurnSchema, templateVariablesSchema } from './chat-turn.ts';
import { compare } from './compare-command.ts';
import type { DeviceState } from './device.ts';
import { DEVICES, DIVERGENCES } from './divergence.ts';
import type { DataPreview, SeenData } from './data-view.ts';
import { phaseSchema, runEventSchema, warningSchema } from './event-schema.ts';
import { exportPartSchema } from './export-parts.ts';
import type { ExportOrigin, ExportReport } from './export-report.ts';
import type { Finding } from './finding.ts';
import type { Forecast, MemoryForecast, Remedy } from './forecast.ts';
import type { Handover } from './handover.ts';
import type { HubFound, HubGot, HubLook } from './hub.ts';
import { FORK_KINDS, TOKEN_ROLES } from './fork.ts';
import type { Alternatives, MeasuredSample } from './inspection.ts';
import { WEIGHT_PRECISIONS, type ModelDescription } from './model-description.ts';
import { dataViewSchema, decodeSchema, draftTokens, recipeSchema } from './recipe.ts';
import { shotsSchema } from './shots.ts';
import { serverSchema } from './served-teacher.ts';
import type { ServerLook } from './server-look.ts';
import type { InspectionReport, TokenReport } from './token-report.ts';
import type { CommandMap } from './worker-host.ts';

const path = z.string().min(1);
const text = z.string();
const count = z.int().positive();
const seed = z.int().min(0).max(2 ** 32 - 1);
const real = z.custom<number>((value) => typeof value === 'number', 'not a number');
const nothing = z.null();
/** Digests of what the person has allowed a recipe to start or to send to; nothing else outside is reached. */
const allowed = z.array(text).default([]);
/** For the server of a recipe's teacher; the environment's where it is left out. */
const serverKey = text.exactOptional();
/** What only the interface shows: made and read by one build of this program, so its shape is not checked again. */
const view = <T>(): z.ZodType<T> => z.custom<T>((value) => typeof value === 'object' && value !== null);

/** Columns of conversations and of the tools in them; none where prompts are templates. */
const conversations = { messages: text.nullish(), tools: text.nullish() };

const run = {
  params: z.strictObject({
    recipe: recipeSchema, runDir: path, runId: text.min(1), isResumed: z.boolean(), allowed, serverKey,
    /** Of a resumed run: the checkpoint to go on from, 0 for the start, the newest whole one where it is left out; and whether its files may have changed since it began. */
    fromStep: z.int().nonnegative().exactOptional(), allowChanged: z.boolean().exactOptional(),
    /** Of a resumed run: where it goes on; where it was if left out. */
    device: z.enum(DEVICES).exactOptional(),
    /** Folder in which teachers keep their hidden states. */
    cache: path.exactOptional(),
    /** Where it stops with a checkpoint, to be gone on with; left out, it goes on to its end. */
    until: count.exactOptional(),
    /** Of a new run: the day that chat templates are told, as 2026-11-28; today where it is left out. */
    day: text.exactOptional(),
  }),
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
    model: path, device: z.enum(DEVICES), data: path, prompt: text.nullable(), reference: text.nullable(), chat: z.boolean(),
    metrics: z.array(text), examples: count.nullable(), maxNewTokens: count, decode: decodeSchema, seed,
    /** Whom the model drafts for; the metric `acceptance` needs one. */
    teacher: path.nullable(), draftTokens,
    /** What `multiple-choice` chooses from; null for those listed in the prompt. */
    choices: text.nullable().default(null),
    shots: shotsSchema.nullable().default(null), calculator: z.boolean().default(false),
    /** Whether each answer is told, as where it is left out: of a million rows those that nobody keeps are not sent. */
    tellsAnswers: z.boolean().optional(),
    template: templateVariablesSchema.optional(), ...conversations,
  }),
  result: z.strictObject({
    examples: z.int(),
    metrics: z.record(text, z.strictObject({ value: real, low: real.nullable(), high: real.nullable() })),
    /** Of the metrics that have one: how they were computed, in the words of the package that the field compares by. */
    signatures: z.record(text, text),
  }),
  event: z.discriminatedUnion('event', [
    phaseSchema, warningSchema,
    z.strictObject({ event: z.literal('prediction'), prompt: text, prediction: text, reference: text.nullable() }),
  ]),
};

const generate = {
  params: z.strictObject({
    model: path, device: z.enum(DEVICES), system: text.nullable(), template: templateVariablesSchema.optional(),
    /** One of both: a text, wrapped as a turn where `chat` says so, or a conversation. */
    prompt: text.nullable(), messages: z.array(chatTurnSchema).min(1).nullable().default(null), chat: z.boolean(),
    maxNewTokens: count, decode: decodeSchema, seed,
    /** Whether the model stays open for what is asked next. */
    keeps: z.boolean().default(false),
  }),
  /** `best`: of beam search every text it kept, best first, with its score. */
  result: z.strictObject({
    text, tokens: z.array(z.int()), ended: z.boolean(), best: z.array(z.strictObject({ text, score: real })),
    /** Length of the prompt, and milliseconds of writing. */
    promptTokens: z.int(), ms: real,
  }),
  /** The text as it grows: what was added since the last event. */
  event: z.discriminatedUnion('event', [warningSchema, z.strictObject({ event: z.literal('text'), text })]),
};

/** The share of a file that a run of this seed holds out of it. */
const holdOut = z.strictObject({ share: z.number().gt(0).lt(1), seed });
const rankedTokens = z.array(z.strictObject({ id: z.int(), text, logprob: real }));
const inspectionReportSchema = z.strictObject({
  prompt: text, completion: text, promptTokens: z.int(),
  tokens: z.array(z.strictObject({
    id: z.int(), text, divergence: real, compared: z.boolean().exactOptional(), studentLogprob: real, teacherLogprob: real,
    studentEntropy: real, teacherEntropy: real, studentRank: count, teacherRank: count, studentTop: rankedTokens, teacherTop: rankedTokens,
    role: z.enum(TOKEN_ROLES),
  })),
  forks: z.array(z.strictObject({ position: z.int(), kind: z.enum(FORK_KINDS), gap: real, text, wanted: text, continuation: text.nullable() })),
  meanDivergence: real, comparedShare: real.exactOptional(),
}) satisfies z.ZodType<InspectionReport>;

const inspect = {
  params: z.strictObject({
    teacher: path, student: path, device: z.enum(DEVICES), data: path, holdOut: holdOut.nullable(),
    prompt: text.nullable(), completion: text.nullable(), chat: z.boolean(), system: text.nullable(), maxPromptTokens: count.nullable(),
    ...conversations, template: templateVariablesSchema.optional(), learn: z.enum(['last', 'all']).optional(),
    shots: shotsSchema.nullable().default(null),
    /** The student's own text, or the completions of the data. */
    judges: z.enum(['own', 'given']),
    divergence: z.enum(DIVERGENCES), beta: z.number().gt(0).lt(1), examples: count.nullable(), maxNewTokens: count, decode: decodeSchema, seed,
  }),
  result: z.strictObject({ examples: z.int(), meanDivergence: real }),
  event: z.discriminatedUnion('event', [phaseSchema, warningSchema, z.strictObject({ event: z.literal('report'), report: inspectionReportSchema })]),
};

const numbers = z.custom<Int32Array>((value) => value instanceof Int32Array, 'not whole numbers');
const givenText = z.strictObject({
  example: z.int(), step: z.int().nullable(), prompt: text, turns: z.array(chatTurnSchema).nullable(), reference: text.nullable(),
  promptTokens: numbers, completion: numbers.nullable(), ended: z.boolean(),
});
const inspectedPair = { teacher: path, student: path, device: z.enum(DEVICES) };

/** Every token of many texts of a student measured, and their forks found: what an inspection keeps. */
const survey = {
  params: z.strictObject({
    ...inspectedPair,
    texts: z.discriminatedUnion('kind', [
      /** The student writes to prompts of a file, or to those that a run of this seed holds out of it. */
      z.strictObject({ kind: z.literal('data'), data: path, view: dataViewSchema, holdOut: holdOut.nullable() }),
      /** What students wrote in training to prompts of a file. */
      z.strictObject({
        kind: z.literal('rollouts'), data: path, view: dataViewSchema,
        rollouts: z.array(z.strictObject({ example: z.int(), step: z.int(), tokens: numbers, ended: z.boolean() })),
      }),
      /** The student writes where `completion` is null. */
      z.strictObject({ kind: z.literal('given'), texts: z.array(givenText) }),
    ]),
    examples: count, beta: z.number().gt(0).lt(1), maxNewTokens: count, decode: decodeSchema, seed,
  }),
  result: z.strictObject({ samples: z.int() }),
  event: z.discriminatedUnion('event', [phaseSchema, z.strictObject({ event: z.literal('samples'), samples: z.array(view<MeasuredSample>()) })]),
};

/** Both models' top choices at every token of one text. */
const look = { params: z.strictObject({ ...inspectedPair, promptTokens: numbers, tokens: numbers }), result: view<TokenReport>(), event: z.never() };

/** How both models go on after the beginning of a text; the student after `token`, or the teacher's first where that is null. */
const goOn = {
  params: z.strictObject({ ...inspectedPair, promptTokens: numbers, begun: numbers, token: z.int().nullable(), maxNewTokens: count }),
  result: view<Alternatives>(), event: z.never(),
};

const exportModel = {
  params: z.strictObject({
    model: path, to: path, parts: z.array(exportPartSchema).min(1),
    /** What is measured on; null for texts that the model writes itself. */
    texts: z.strictObject({ data: path, view: dataViewSchema, holdOut: holdOut.nullable() }).nullable(),
    origin: view<ExportOrigin>().nullable(),
    /** A folder in which runtimes are looked for that Retort does not bring. */
    peers: path.exactOptional(),
    /** Whether an earlier export at the same place gives way. */
    replace: z.boolean(),
  }),
  result: view<ExportReport>(),
  event: phaseSchema,
};

/** A few steps and an evaluation of the recipe, measured and thrown away: what the review of a new run forecasts from. */
const probe = {
  params: z.strictObject({ recipe: recipeSchema, runDir: path, steps: count, allowed, serverKey }),
  result: view<Forecast>(),
  event: phaseSchema,
};

/** Updates that a recipe makes, where it says how often it reads its data. */
const countSteps = {
  params: z.strictObject({ recipe: recipeSchema, runDir: path }),
  result: z.int().positive(),
  event: z.never(),
};

/** What each held-out row says of a student at a checkpoint, by one number that evaluations report: for comparing runs on the same rows. */
const scoreRows = {
  params: z.strictObject({
    recipe: recipeSchema, runDir: path, checkpoint: path, metric: text, allowed, serverKey,
    /** What `divergence` means, for all runs that are compared. */
    divergence: z.enum(DIVERGENCES).exclude(['cross_entropy']), beta: z.number().gt(0).lt(1),
  }),
  /** Of each row its place in its file and its numbers. */
  result: z.strictObject({ rows: z.array(z.int()), statistics: z.array(z.array(real)) }),
  event: z.never(),
};

/**
 * Teacher, student and data of a recipe measured on a few rows, in memory: what to change before the run. `begunIn` is the folder of
 * a run of this recipe, whose checkpoints later stages are measured with.
 */
const advise = {
  params: z.strictObject({ recipe: recipeSchema, runDir: path, begunIn: path.exactOptional(), rows: count, allowed, serverKey }),
  result: view<AdviceReport>(),
  event: phaseSchema,
};

/**
 * Everything that is looked at before a run. Nothing outside the program is started or reached, unless `isStart` says
 * that a run is about to begin, which the person has allowed to.
 */
const check = { params: z.strictObject({ recipe: recipeSchema, runDir: path, isStart: z.boolean(), allowed, serverKey }), result: view<Finding[]>(), event: z.never() };

/** What a run of a recipe would take of memory, worked out without making any of it. */
const forecastMemory = { params: z.strictObject({ recipe: recipeSchema, runDir: path }), result: view<{ forecast: MemoryForecast; remedies: Remedy[] }>(), event: z.never() };

/** A folder that trains a recipe by other means. Nothing of it is there unless all of it is. */
const handover = { params: z.strictObject({ recipe: recipeSchema, to: path }), result: view<Handover>(), event: z.never() };

/** A server tried with a few texts of this program's own, which the person has allowed. */
const lookAtServer = { params: z.strictObject({ server: serverSchema, student: path.nullable(), serverKey }), result: view<ServerLook>(), event: z.never() };

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
const progress = z.strictObject({ event: z.literal('progress'), done: z.int(), total: z.int() });
const importModel = {
  params: z.strictObject({ source: path, to: path, precision: z.enum(WEIGHT_PRECISIONS) }),
  /** `warnings`: what the file leaves open. */
  result: z.strictObject({ warnings: z.array(text) }), event: progress,
};
/** One device, looked at and tried: its driver may end or block the process, which is there for this alone. */
const device = { params: z.strictObject({ device: z.enum(DEVICES) }), result: view<DeviceState>(), event: z.never() };
/** CUDA's libraries from an index of Python's packages. Nothing of them is in its place unless all of it is. */
const installCuda = { params: z.strictObject({ index: text, to: path }), result: nothing, event: progress };
const makeStudent = { params: z.strictObject({ teacher: path, layers: z.array(z.int()), width: z.int().nullable(), to: path }), result: nothing, event: progress };

/** Whom to ask, with the token that goes to it alone. */
const hub = z.strictObject({ url: text, token: text.nullable() });
const hubKind = z.enum(['model', 'dataset']);
const searchHub = { params: z.strictObject({ hub, kind: hubKind, text }), result: view<HubFound[]>(), event: z.never() };
const wantedOfHub = { hub, kind: hubKind, name: text, files: z.array(text) };
const lookAtHub = { params: z.strictObject(wantedOfHub), result: view<HubLook>(), event: z.never() };
const getFromHub = { params: z.strictObject({ ...wantedOfHub, to: path }), result: view<HubGot>(), event: progress };

/**
 * What the computing process can be asked. A command is one entry here and one handler in `worker/entry.ts`;
 * everything that crosses is validated by these schemas on the side that receives it. All paths are absolute.
 */
export const COMMANDS = { run, stop, evaluate, generate, inspect, survey, look, goOn, compare, export: exportModel, probe, advise, countSteps, scoreRows, forecastMemory, check, lookAtServer, handover, preview, see, describe, pair, import: importModel, makeStudent, device, installCuda, searchHub, lookAtHub, getFromHub } satisfies CommandMap;
export type Commands = typeof COMMANDS;
