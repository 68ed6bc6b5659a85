import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { problemOf } from '../../checks/look.ts';
import type { RunEvent } from '../../contract/events.ts';
import { Problem, type ProblemReport } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { Study } from '../../contract/study.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';
import { findRun } from '../../store/runs.ts';
import type { Consent } from '../consent/consent.ts';
import type { Home } from '../home.ts';
import { runPaths } from '../../run-folder/run-folder.ts';
import { resumeRun, startRun } from '../runs.ts';
import { systemKey, type PlannedRun } from './plan.ts';

export type StudyRunEvent =
  | { event: 'run'; key: string; runId: string; runEvent: RunEvent }
  | { event: 'failed'; key: string; error: ProblemReport };

export interface ComputeOptions {
  /** Where runs and measurements lie; made if it is not there, gone on with if it is. */
  folder: string;
  consent: Pick<Consent, 'settle'>;
  /** Aborted, what is going is saved and nothing more begun. */
  signal: AbortSignal;
  onEvent(event: StudyRunEvent): void;
}

export const runDirOf = (folder: string, { key }: PlannedRun): string => join(folder, 'runs', key);

/** Tries every system's recipe before the first of them runs. @returns digests of what they may reach */
export async function checkRuns(runs: readonly PlannedRun[], { folder, consent }: ComputeOptions, host: WorkerHost<Commands>): Promise<string[]> {
  const allowed = await consent.settle(...runs.map(({ recipe }) => recipe));
  const tried = new Set<string>();
  for (const run of runs) {
    const system = systemKey(run);
    const runDir = runDirOf(folder, run);
    if (existsSync(runPaths(runDir).recipe)) await refuseOther(run, runDir);
    else if (!tried.has(system)) {
      const found = await host.request('check', { recipe: run.recipe, runDir, isStart: true, allowed });
      const problem = found.find(({ level }) => level === 'problem');
      if (problem) throw problemOf({ ...problem, message: `Run ${run.key}: ${problem.message}` });
    }
    tried.add(system);
  }
  return allowed;
}

/** Begins a run, goes on with it, or takes it as it is where it is done. @param until  the step behind which it saves and stops; its last if left out */
export async function computeRun(
  home: Home, study: Study, run: PlannedRun, host: WorkerHost<Commands>, { folder, consent, signal, onEvent }: ComputeOptions, until?: number,
): Promise<{ runId: string; status: 'done' | 'stopped'; checkpoint: string | null }> {
  const runDir = runDirOf(folder, run);
  const isBegun = existsSync(runPaths(runDir).recipe);
  const earlier = isBegun ? await findRun(home.database, runDir) : null;
  if (earlier?.status === 'done') return { runId: earlier.id, status: 'done', checkpoint: earlier.checkpoint!.path };
  let runId = earlier?.id ?? '';
  const options = {
    tags: [study.name], consent, stopping: signal, ...(until !== undefined && { until }),
    onId: (id: string) => { runId = id; },
    onEvent: (runEvent: RunEvent) => onEvent({ event: 'run', key: run.key, runId, runEvent }),
  };
  const { status, checkpoint } = await (isBegun ? resumeRun(home, host, runId, options) : startRun(home, host, run.recipe, runDir, options));
  return { runId, status, checkpoint };
}

/** A folder of an earlier attempt holds the same run, or must not be touched. */
async function refuseOther(run: PlannedRun, runDir: string): Promise<void> {
  const file = runPaths(runDir).recipe;
  const begun: unknown = JSON.parse(await readFile(file, 'utf8'));
  const [now, before] = [run.recipe, withoutProducts(run.recipe)].map((recipe) => JSON.parse(JSON.stringify(recipe)) as unknown);
  // Older versions did not say how integers are multiplied by; such a run goes on as it began.
  if (isDeepStrictEqual(begun, now) || isDeepStrictEqual(begun, before)) return;
  throw new Problem(`Run ${run.key} was begun with another recipe: ${file}.`, { hint: 'Give the changed study a folder of its own with --dir.' });
}

function withoutProducts({ teacher, student, ...recipe }: Recipe): Recipe {
  return { ...recipe, student: { ...student, products: undefined }, ...(teacher && { teacher: { ...teacher, products: undefined } }) };
}
