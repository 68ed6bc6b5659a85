import { join, resolve } from 'node:path';
import type { Device } from '../contract/divergence.ts';
import type { RunEvent } from '../contract/events.ts';
import type { RunRecord } from '../contract/history.ts';
import { fromReport, Problem, toReport } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Commands } from '../contract/worker.ts';
import type { Result, WorkerHost } from '../contract/worker-host.ts';
import { refuseDamaged } from '../store/damage.ts';
import { HistoryRecorder, type Recorded } from '../store/history-recorder.ts';
import { createRun, findRun } from '../store/runs.ts';
import type { Consent } from './consent/consent.ts';
import type { Home } from './home.ts';
import { adoptRun } from './adopt/adopt-run.ts';
import { newRunId } from './ids.ts';
import { settleRecipe } from './recipe/own-recipe.ts';
import { isRunFolder, runPaths } from '../run-folder/run-folder.ts';
import { keptRollouts } from '../run-folder/rollout-files.ts';

export type RunResult = Result<Commands, 'run'>;

export interface RunOptions {
  onEvent(event: RunEvent): void;
  /** Told the run's id as soon as it has one. */
  onId?(runId: string): void;
  /** Asked for what the recipe starts or sends to outside the program. */
  consent: Pick<Consent, 'settle'>;
  /** Of a new run in the history. */
  tags?: readonly string[];
  /** Aborted, the run is stopped after its step and saved; one that has not begun, as soon as it has. */
  stopping?: AbortSignal;
  /** The step behind which it saves and stops, to be gone on with later. */
  until?: number;
  /** Of a new run: the day that chat templates are told; today where it is left out. */
  day?: string | undefined;
}

/** Starts a run and follows it to its end. It enters the history once its recipe has passed every check. */
export async function startRun(home: Home, host: WorkerHost<Commands>, recipe: Recipe, runDir: string | null, options: RunOptions): Promise<RunResult> {
  const allowed = await options.consent.settle(recipe);
  const runId = newRunId();
  const place = runDir === null ? home.runDir(runId) : resolve(runDir);
  options.onId?.(runId);
  return followRun(home, host, { recipe, runDir: place, runId, isResumed: false, allowed, ...(options.day !== undefined && { day: options.day }), ...(options.until !== undefined && { until: options.until }) }, {
    ...options, enter: () => createRun(home.database, { id: runId, name: recipe.name, recipe, runDir: place, tags: options.tags ?? [] }),
  });
}

/** How to go on: from the checkpoint of a step, 0 for the start; although files the run reads have changed; on a device. */
export interface ResumeOptions { fromStep?: number; allowChanged?: boolean; device?: Device }

/** Goes on with a run from its newest whole checkpoint, or another one. A run folder that the history does not know is adopted. */
export async function resumeRun(home: Home, host: WorkerHost<Commands>, wanted: string, options: RunOptions & ResumeOptions): Promise<RunResult> {
  const known = await findOrAdopt(home, wanted);
  refuseElsewhere(known);
  if (known.status === 'done' && options.fromStep === undefined) {
    throw new Problem(`Run ${known.id} is done.`, { hint: 'Start a new run from its recipe: retort run. From an earlier checkpoint it goes on with --step.' });
  }
  await refuseDamaged(home.database, { everything: true });
  const { run, warning } = await settleRecipe(home, known);
  if (warning !== null) options.onEvent({ event: 'warning', code: 'recipe', message: warning });
  const allowed = await options.consent.settle(run.recipe);
  options.onId?.(run.id);
  const { fromStep, allowChanged, device, until } = options;
  return followRun(home, host, {
    recipe: run.recipe, runDir: run.runDir, runId: run.id, isResumed: true, allowed,
    ...(fromStep !== undefined && { fromStep }), ...(allowChanged !== undefined && { allowChanged }), ...(device !== undefined && { device }), ...(until !== undefined && { until }),
  }, options);
}

/** @throws Problem where a run was trained elsewhere: only there it goes on */
export function refuseElsewhere({ id, engine, runDir }: Pick<RunRecord, 'id' | 'engine' | 'runDir'>): void {
  if (engine === null) return;
  throw new Problem(`Run ${id} was trained by ${engine.name}, and goes on there: its optimizer's state is not Retort's.`, {
    hint: `Start the training again by the command in the README.md of its folder, and follow it: retort adopt ${runDir}. Or begin a new run from its student.`,
  });
}

async function findOrAdopt(home: Home, wanted: string): Promise<RunRecord> {
  const place = resolve(wanted);
  const known = await findRun(home.database, wanted).catch((error: unknown) => findRun(home.database, place).catch(() => {
    if (isRunFolder(place)) return null;
    throw error;
  }));
  return known ?? adoptRun(home, place);
}

interface FollowOptions extends Pick<RunOptions, 'onEvent' | 'stopping'> {
  /** Puts the run into the history at its first event; left out where it is there already. */
  enter?(): Promise<void>;
  /** Told how many rows of its data have been read. */
  onReading?(rows: number): void;
  /** Told what can be read from the history now. */
  onWritten?(events: readonly Recorded[]): void;
}

/** Has a run computed and writes down what it tells. Rejects where it fails or its worker dies. */
export async function followRun(
  home: Home, host: WorkerHost<Commands>, params: { recipe: Recipe; runDir: string; runId: string; isResumed: boolean; allowed: readonly string[]; serverKey?: string; until?: number; day?: string } & ResumeOptions,
  { onEvent, enter, onReading, onWritten, stopping }: FollowOptions,
): Promise<RunResult> {
  const recorder = new HistoryRecorder(home.database, params.runId, {
    keptRollouts: (after, upTo) => keptRollouts(runPaths(params.runDir).rollouts, after, upTo), ...(onWritten && { onWritten }),
  });
  let entered: Promise<void> | undefined;
  let hasFailed = false;
  const stop = (): void => { void host.request('stop', { runId: params.runId }).catch(() => undefined); };
  try {
    const going = host.request('run', { ...params, allowed: [...params.allowed], cache: join(home.path, 'cache') }, {
      ...(onReading && { onReading }),
      onEvent: (event) => {
        // Events wait in the recorder until its first flush, so the run's row is there before them.
        entered ??= enter ? enter() : Promise.resolve();
        recorder.record(event);
        hasFailed ||= event.event === 'failed';
        onEvent(event);
      },
    });
    // The worker hears of a stop only behind the run that it is about.
    if (stopping?.aborted) stop();
    else stopping?.addEventListener('abort', stop);
    return await going;
  } catch (error) {
    // A run that fails says so itself; one that falls silent was cut off.
    if (entered && !hasFailed) recorder.interrupted(fromReport(toReport(error)));
    throw error;
  } finally {
    stopping?.removeEventListener('abort', stop);
    if (entered) {
      await entered;
      await recorder.flush();
    }
  }
}
