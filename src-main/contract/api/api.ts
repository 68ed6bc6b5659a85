import { templateVariablesSchema } from '../chat-turn.ts';
import { z } from 'zod';
import type { SeenData, DataPreview } from '../data-view.ts';
import { DEVICES } from '../divergence.ts';
import type { Sample } from '../events.ts';
import type { Reach } from '../consent.ts';
import type { AdviceReport } from '../advice.ts';
import type { Finding } from '../finding.ts';
import type { Handover } from '../handover.ts';
import { serverSchema } from '../served-teacher.ts';
import type { ServerLook } from '../server-look.ts';
import type { Forecast, MemoryForecast, Remedy } from '../forecast.ts';
import {
  ROLLOUT_ORDERS, SERIES_FIELDS, type RunRecord, type Series, type StoredEvaluation, type StoredLogEntry, type StoredRollout,
  type StoredStep,
} from '../history.ts';
import { WEIGHT_PRECISIONS, type ModelDescription, type StudentOrigin } from '../model-description.ts';
import type { ProblemReport } from '../problem.ts';
import { dataViewSchema, decodeSchema, recipeSchema, type Recipe } from '../recipe.ts';
import { askerSchema } from './asker.ts';
import { reads, writes, type Call } from './call.ts';
import { CHAT_CALLS } from './chat-calls.ts';
import { COMPARISON_CALLS } from './comparison-calls.ts';
import { CONSENT_CALLS } from './consent-calls.ts';
import { DEVICE_CALLS } from './device-calls.ts';
import { EXPORT_CALLS } from './export-calls.ts';
import { HUB_CALLS } from './hub-calls.ts';
import type { Job, LiveRun } from './feed.ts';
import { INSPECTION_CALLS } from './inspection-calls.ts';
import { KEEPING_CALLS } from './keeping-calls.ts';
import { SERVER_CALLS } from './server-calls.ts';
import { settingsSchema, type Settings } from './settings.ts';

const nothing = z.null();
const path = z.string().min(1).max(4096);
const id = z.string().min(1).max(200);
const step = z.int().nonnegative();
const page = { offset: z.int().nonnegative(), limit: z.int().min(1).max(1000) };
const name = z.string().trim().min(1).max(200);
const asker = askerSchema.optional();
const byRun = z.strictObject({ runId: id });

/** What the program is and what it may do here. */
export interface About {
  version: string;
  home: string;
  /** Another program uses the data folder: this one only shows. The text says which. */
  readOnly: string | null;
  platform: string;
  /** The metrics an evaluation can name. */
  metrics: readonly string[];
  versions: { name: string; version: string }[];
  licences: { name: string; version: string; licence: string }[];
}

/** A model the person has imported, made or trained, wherever its folder lies. */
export interface KnownModel {
  path: string;
  name: string;
  added: number;
  /** Null where the folder is gone or no longer whole; `problem` says what is wrong. */
  description: ModelDescription | null;
  problem: ProblemReport | null;
  /** Whether the folder lies in the data folder, so that removing the model may delete it. */
  isOwn: boolean;
  /** Of a run's student: which run, at which step. Null for a model of its own. */
  checkpoint: { runId: string; step: number; isBest: boolean } | null;
  /** What it was made from, where Retort made it. */
  origin: StudentOrigin | null;
}

export interface PairCheck {
  teacher: ModelDescription;
  student: ModelDescription;
  /** Ids both models know. */
  sharedVocabulary: number;
  /** Differences in words, first ones; none if they fit. */
  differences: string[];
  warnings: string[];
}

/** A recipe as far as the wizard has come; the paths in it are absolute. Unfinished, so not validated. */
export interface Draft { id: string; updated: number; title: string; page: string; recipe: Record<string, unknown>; touched: boolean }

export interface FolderEntry { name: string; path: string; isFolder: boolean; bytes: number | null; kind: FileKind }
/** A folder to begin at. */
export interface FilePlace { name: string; path: string }
export const FILE_KINDS = ['data', 'model', 'gguf', 'recipe', 'folder', 'other'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

const draft = z.strictObject({
  id: id.nullable(), title: z.string().max(200), page: z.string().max(40), recipe: z.record(z.string(), z.unknown()),
  /** Whether a person has changed anything; of those that nobody has, only the newest is kept. */
  touched: z.boolean().default(false),
});

/**
 * Everything the interface can ask, whichever door it came through. One entry here, one handler in
 * `studio/`; what goes in is validated by these schemas where it arrives.
 */
export const API = {
  'app.about': reads<About>()(nothing),
  'settings.get': reads<Settings>()(nothing),
  'settings.set': writes<Settings>()(settingsSchema.partial()),

  'runs.list': reads<RunRecord[]>()(nothing),
  'runs.get': reads<RunRecord>()(byRun),
  'runs.live': reads<{ live: LiveRun[]; jobs: Job[] }>()(nothing),
  'runs.series': reads<Series>()(z.strictObject({
    runId: id, fields: z.array(z.enum(SERIES_FIELDS)).max(SERIES_FIELDS.length), buckets: z.int().min(2).max(10_000), from: step.optional(), to: step.optional(),
  })),
  'runs.steps': reads<StoredStep[]>()(z.strictObject({ runId: id, after: z.int().min(-1), limit: page.limit })),
  'runs.evaluations': reads<StoredEvaluation[]>()(byRun),
  'runs.samples': reads<Sample[]>()(z.strictObject({ runId: id, step })),
  'runs.rollouts': reads<{ total: number; rollouts: StoredRollout[] }>()(z.strictObject({
    runId: id, order: z.enum(ROLLOUT_ORDERS), descending: z.boolean(), ...page, fromStep: step.optional(), toStep: step.optional(),
    ended: z.boolean().optional(), example: z.int().nonnegative().optional(), search: z.string().max(1000).optional(),
  })),
  'runs.log': reads<StoredLogEntry[]>()(z.strictObject({ runId: id, after: z.int().nonnegative(), limit: page.limit })),
  /** Queues a run; it starts at once where no other is going. */
  'runs.start': writes<{ runId: string }>()(z.strictObject({ recipe: recipeSchema, draftId: id.optional() })),
  /** Queues what a student that cannot write needs: the same run again, with a stage before it that fine-tunes the student on the same data. */
  'runs.fineTuneFirst': writes<{ runId: string }>()(byRun),
  /** `allowChanged`: although files that the run reads have changed since it began. `device`: where it goes on; where it was if left out. */
  'runs.resume': writes<null>()(z.strictObject({ runId: id, allowChanged: z.boolean().default(false), device: z.enum(DEVICES).exactOptional() })),
  /** Takes a run folder that the history does not know, or knows elsewhere; a training elsewhere (`recipe.handover`) is followed as it goes on. */
  'runs.adopt': writes<{ runId: string }>()(z.strictObject({ folder: path })),
  /** `save`: finish the step, write a checkpoint. `abandon`: end at once; the steps since the last checkpoint are lost. */
  'runs.stop': writes<null>()(z.strictObject({ runId: id, how: z.enum(['save', 'abandon']) })),
  /** Writes a run's report as one HTML file. `taken`: something is there already; the same call with `replace` goes over it where it is an earlier report. */
  'runs.report': writes<{ path: string; taken: boolean }>()(z.strictObject({ runId: id, to: path, replace: z.boolean() })),
  'runs.rename': writes<null>()(z.strictObject({ runId: id, name })),
  'runs.setTags': writes<null>()(z.strictObject({ runId: id, tags: z.array(z.string().trim().min(1).max(40)).max(20) })),
  /** Takes the runs out of the history and, `withFiles`, moves their folders into the trash; `keeping.restore` brings them back. */
  'runs.delete': writes<null>()(z.strictObject({ runIds: z.array(id).min(1).max(1000), withFiles: z.boolean() })),

  /** The runs of the sample project, one after the other, each from the same student. */
  'sample.start': writes<{ runIds: string[] }>()(z.strictObject({ methods: z.array(z.enum(['sft', 'supervised-kd', 'gkd'])).min(1).max(3) })),

  /** What keeps a recipe from running, and what is worth knowing of it. Starts and reaches nothing outside the program. */
  'recipe.check': reads<Finding[]>()(z.strictObject({ recipe: z.record(z.string(), z.unknown()), asker })),
  /** A recipe file, read with its paths made absolute. */
  'recipe.open': reads<Recipe>()(z.strictObject({ path })),
  /** Writes a recipe file; an existing one is only replaced where `replace` says so. */
  'recipe.save': writes<null>()(z.strictObject({ path, recipe: recipeSchema, replace: z.boolean() })),
  /** What a run would take of memory, and what would lower it; nothing is run for it. */
  'recipe.memory': reads<{ forecast: MemoryForecast; remedies: Remedy[] }>()(z.strictObject({ recipe: recipeSchema, asker })),
  /** Tries a server as a teacher, once the person has allowed its address. @see ServerLook */
  'recipe.tryServer': writes<ServerLook>()(z.strictObject({ server: serverSchema, student: path.nullable() })),
  /** Writes a folder that trains the recipe with TRL over torch.distributed. */
  'recipe.handover': writes<Handover>()(z.strictObject({ recipe: recipeSchema, to: path })),
  /** What a few rows tell of teacher, student and data, and what to change for it. */
  'recipe.advise': writes<AdviceReport>()(z.strictObject({ recipe: recipeSchema, rows: z.int().min(1).max(1000) })),
  'recipe.forecast': writes<Forecast>()(z.strictObject({ recipe: recipeSchema, steps: z.int().min(2).max(20) })),

  'drafts.list': reads<Draft[]>()(nothing),
  'drafts.save': writes<Draft>()(draft),
  'drafts.remove': writes<null>()(z.strictObject({ id })),

  'data.preview': reads<DataPreview>()(z.strictObject({ path, ...page, asker })),
  /** Examples `offset` onwards as the model will see them, and the lengths of all. */
  'data.seen': reads<SeenData>()(z.strictObject({ path, model: path, view: dataViewSchema, ...page, asker })),

  /** The person's models by name, then the checkpoints of all runs. */
  'models.list': reads<KnownModel[]>()(nothing),
  /** Adds a model folder where it lies. */
  'models.add': writes<KnownModel>()(z.strictObject({ path, name: name.optional() })),
  /** Makes a model folder in the data folder from a GGUF file; a job, answered when it is done. */
  'models.import': writes<KnownModel>()(z.strictObject({ path, name, precision: z.enum(WEIGHT_PRECISIONS) })),
  'models.makeStudent': writes<KnownModel>()(z.strictObject({ teacher: path, name, layers: z.array(z.int().nonnegative()).min(1).max(1000), width: z.int().positive().nullable().default(null) })),
  'models.rename': writes<null>()(z.strictObject({ path, name })),
  /** Forgets a model and, `withFiles`, moves its folder into the trash where that is Retort's own. `trash` is its entry there. */
  'models.remove': writes<{ trash: string }>()(z.strictObject({ path, withFiles: z.boolean() })),
  'models.pair': reads<PairCheck>()(z.strictObject({ teacher: path, student: path })),
  'jobs.cancel': writes<null>()(z.strictObject({ id })),

  ...INSPECTION_CALLS,
  ...COMPARISON_CALLS,
  ...CHAT_CALLS,
  ...EXPORT_CALLS,
  ...HUB_CALLS,
  ...SERVER_CALLS,
  ...DEVICE_CALLS,
  ...KEEPING_CALLS,
  ...CONSENT_CALLS,

  /** Text out of one model, on the interactive worker. */
  'models.generate': reads<{ text: string }>()(z.strictObject({
    model: path, prompt: z.string().max(100_000), chat: z.boolean(), template: templateVariablesSchema.optional(), maxNewTokens: z.int().min(1).max(4096),
    decode: decodeSchema, seed: z.int().min(0).max(2 ** 32 - 1),
  })),

  /** A folder of this machine, for choosing files where there is no native dialog. `~` is the person's home; of a file its folder is listed, and `file` is it. */
  'files.list': reads<{ path: string; parent: string | null; entries: FolderEntry[]; places: FilePlace[]; file: FolderEntry | null }>()(z.strictObject({ path: z.string().max(4096) })),
  /** What a dropped file or folder is. */
  'files.classify': reads<{ kind: FileKind; path: string }>()(z.strictObject({ path })),
  /**
   * Where a file lies that a browser's page was given, which is told no path: of its name, size and milliseconds since 1970,
   * and the same in its first and last bytes (`contract/file-ends`). Null where no folder of models or of files used before has it.
   */
  'files.find': reads<{ path: string | null }>()(z.strictObject({
    name: z.string().min(1).max(255), bytes: z.int().nonnegative(), modified: z.int(), ends: z.string().regex(/^[0-9a-f]{64}$/),
  })),
} satisfies Record<string, Call<z.ZodType, unknown>>;

export type Api = typeof API;
export type CallName = keyof Api;
export type CallParams<Name extends CallName> = z.output<Api[Name]['params']>;
export type CallInput<Name extends CallName> = z.input<Api[Name]['params']>;
export type CallResult<Name extends CallName> = Api[Name] extends Call<z.ZodType, infer Result> ? Result : never;

/** How a call is answered across a process boundary. `consent`: what the person has to allow before the same call is made again. */
export type Answer = { ok: true; result: unknown } | { ok: false; error: ProblemReport; consent?: readonly Reach[] };
