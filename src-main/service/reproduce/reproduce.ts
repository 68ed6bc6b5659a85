import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../contract/events.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { ComparedFile, Departure, ReproducedRun, Reproduction } from '../../contract/reproduction.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';
import { modelOf } from '../../run-folder/checkpoint-folder.ts';
import type { Consent } from '../consent/consent.ts';
import type { Home } from '../home.ts';
import { whileWriting } from '../keeping/writing.ts';
import { startRun } from '../runs.ts';
import { compareWeights } from './compare-weights.ts';
import { departuresOf } from './departures.ts';
import { locate, type Located, type Places } from './locate.ts';

/** What an export is made from, looked for here. */
export interface Looked extends Located { folder: string; made: Reproduction }

/** Checks everything that an export names. Nothing is started. @throws Problem where it cannot be made again at all */
export async function lookAtReproduction({ database }: Home, folder: string, made: Reproduction, places: Places): Promise<Looked> {
  if (made.run?.engine) {
    throw new Problem(`This student was trained by ${made.run.engine}, and not by Retort, which therefore cannot train it again.`, { hint: 'Its training starts by the command in the README.md of the folder that was handed over.' });
  }
  const located = await locate(database, folder, made, places);
  return { ...located, folder, made, departures: [...located.departures, ...departuresOf(made, located.recipe?.teacher?.server !== undefined)] };
}

export interface ReproduceOptions {
  consent: Pick<Consent, 'settle'>;
  /** Go on although what it stands on is not what was used. */
  allowChanged: boolean;
  /** Aborted, the run is stopped and saved. */
  stopping?: AbortSignal;
  onEvent(event: RunEvent): void;
  onExport(done: number, total: number): void;
}

export interface Reproduced { run: string | null; files: ComparedFile[]; isEqual: boolean }

/** Runs the recipe of an export again, exports what came of it in the same way, and compares the weights. @throws Problem where it cannot, or the run was stopped */
export async function reproduce(home: Home, host: WorkerHost<Commands>, looked: Looked, options: ReproduceOptions): Promise<Reproduced> {
  const { made: { run, parts, name, texts }, folder } = looked;
  refuseMissing(looked);
  if (!options.allowChanged) refuseDepartures(looked.departures);
  const trained = run && run.step > 0 ? await train(home, host, run, looked.recipe!, options) : null;
  const model = trained?.model ?? looked.recipe?.student.model ?? looked.model!;
  const place = await mkdtemp(join(home.path, 'reproduced-'));
  const to = join(place, name);
  try {
    await whileWriting(home.path, to, () => host.request('export', {
      model, to, parts, texts: texts && looked.texts !== null ? { ...texts, data: looked.texts } : null, origin: null, replace: false,
    }, { onEvent: ({ done, total }) => { options.onExport(done, total); } }));
    const files = await compareWeights(folder, to);
    return { run: trained?.runId ?? null, files, isEqual: files.length > 0 && files.every(({ differing, problem }) => differing === 0 && problem === null) };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** A missing model or file cannot be allowed. */
function refuseMissing({ recipe, model, departures, made }: Looked): void {
  const missing = departures.filter(({ isMissing }) => isMissing);
  if (missing.length === 0 && (recipe !== null || model !== null || made.run !== null)) return;
  throw new Problem(missing.map(({ message }) => message).join(' '), { hint: 'Say where they lie: --models DIR and --data DIR, each as often as needed.' });
}

function refuseDepartures(departures: readonly Departure[]): void {
  const decisive = departures.filter(({ isDecisive }) => isDecisive);
  if (decisive.length === 0) return;
  throw new Problem(`The weights cannot come out the same. ${decisive.map(({ message }) => message).join(' ')}`, {
    hint: 'Name the right ones with --models and --data, or train all the same and see how the weights differ: --changed.',
  });
}

/** The recipe with as many examples at once as its run took in each stage, or in all of it. */
function inMicroBatches({ stages, ...recipe }: Recipe, sizes: readonly number[] | null): Recipe {
  if (sizes === null) return { ...recipe, ...(stages && { stages }) };
  const of = <T extends object>(train: T, at: number): T => ({ ...train, microBatchSize: sizes[at] ?? sizes[0]! });
  return stages ? { ...recipe, stages: stages.map((stage, at) => ({ ...stage, train: of(stage.train ?? {}, at) })) } : { ...recipe, train: of(recipe.train, 0) };
}

/** The student at the step that was exported. */
async function train(home: Home, host: WorkerHost<Commands>, { step, microBatchSizes, day }: ReproducedRun, recipe: Recipe, { consent, stopping, onEvent }: ReproduceOptions): Promise<{ runId: string; model: string }> {
  const wanted: Recipe = {
    ...inMicroBatches(recipe, microBatchSizes),
    // It is there that the student is looked at; checkpoints change nothing of what is learned.
    checkpoint: { every: step, keep: Math.max(2, recipe.checkpoint.keep) },
  };
  let [runId, model] = ['', ''];
  const result = await startRun(home, host, wanted, null, {
    consent, tags: ['reproduction'], day: day ?? undefined, ...(stopping && { stopping }),
    onId: (id) => { runId = id; },
    onEvent: (event) => {
      onEvent(event);
      if (event.event !== 'checkpoint' || event.step !== step) return;
      model = modelOf(event.path);
      void host.request('stop', { runId, save: false }).catch(() => undefined);
    },
  });
  if (model === '') throw new Problem(`The run ended at step ${result.step}, before step ${step} that was exported.`, { kind: 'failure', hint: `Go on with it, then compare: retort resume ${runId}.` });
  return { runId, model };
}
