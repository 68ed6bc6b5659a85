import { resolve } from 'node:path';
import type { RunEvent } from '../contract/events.ts';
import { fromReport, Problem, toReport } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Commands } from '../contract/worker.ts';
import type { Result, WorkerHost } from '../contract/worker-host.ts';
import { HistoryRecorder, type Recorded } from '../store/history-recorder.ts';
import { createRun, findRun } from '../store/runs.ts';
import type { Home } from './home.ts';
import { newRunId } from './ids.ts';

export type RunResult = Result<Commands, 'run'>;

export interface RunOptions {
  onEvent(event: RunEvent): void;
  /** Told the run's id as soon as it has one. */
  onId?(runId: string): void;
  /** Of a new run in the history. */
  tags?: readonly string[];
}

/** Starts a run and follows it to its end. It enters the history once its recipe has passed every check. */
export async function startRun(home: Home, host: WorkerHost<Commands>, recipe: Recipe, runDir: string | null, options: RunOptions): Promise<RunResult> {
  const runId = newRunId();
  const place = runDir === null ? home.runDir(runId) : resolve(runDir);
  options.onId?.(runId);
  return followRun(home, host, { recipe, runDir: place, runId, isResumed: false }, {
    ...options, enter: () => createRun(home.database, { id: runId, name: recipe.name, recipe, runDir: place, tags: options.tags ?? [] }),
  });
}

/** Goes on with a run from its last checkpoint. */
export async function resumeRun(home: Home, host: WorkerHost<Commands>, wanted: string, options: RunOptions): Promise<RunResult> {
  const run = await findRun(home.database, wanted).catch((error: unknown) => findRun(home.database, resolve(wanted)).catch(() => { throw error; }));
  if (run.status === 'done') throw new Problem(`Run ${run.id} is done.`, { hint: 'Start a new run from its recipe: retort run.' });
  options.onId?.(run.id);
  return followRun(home, host, { recipe: run.recipe, runDir: run.runDir, runId: run.id, isResumed: true }, options);
}

interface FollowOptions extends Pick<RunOptions, 'onEvent'> {
  /** Puts the run into the history at its first event; left out where it is there already. */
  enter?(): Promise<void>;
  /** Told what can be read from the history now. */
  onWritten?(events: readonly Recorded[]): void;
}

/** Has a run computed and writes down what it tells. Rejects where it fails or its worker dies. */
export async function followRun(
  home: Home, host: WorkerHost<Commands>, params: { recipe: Recipe; runDir: string; runId: string; isResumed: boolean },
  { onEvent, enter, onWritten }: FollowOptions,
): Promise<RunResult> {
  const recorder = new HistoryRecorder(home.database, params.runId, onWritten ? { onWritten } : {});
  let entered: Promise<void> | undefined;
  let hasFailed = false;
  try {
    return await host.request('run', params, {
      onEvent: (event) => {
        // Events wait in the recorder until its first flush, so the run's row is there before them.
        entered ??= enter ? enter() : Promise.resolve();
        recorder.record(event);
        hasFailed ||= event.event === 'failed';
        onEvent(event);
      },
    });
  } catch (error) {
    // A run that fails says so itself; one that falls silent was cut off.
    if (entered && !hasFailed) recorder.interrupted(fromReport(toReport(error)));
    throw error;
  } finally {
    if (entered) {
      await entered;
      await recorder.flush();
    }
  }
}
