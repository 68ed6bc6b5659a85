import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Score } from '../../../contract/events.ts';
import { Problem, toReport } from '../../../contract/problem.ts';
import type { Study } from '../../../contract/study.ts';
import type { Commands } from '../../../contract/worker.ts';
import type { WorkerHost } from '../../../contract/worker-host.ts';
import { writeWhole } from '../../../files/write-whole.ts';
import { listCheckpoints } from '../../../run-folder/checkpoint-folder.ts';
import type { Home } from '../../home.ts';
import { runPaths } from '../../../run-folder/run-folder.ts';
import { acquireLock } from '../../../run-folder/run-lock.ts';
import { checkRuns, computeRun, runDirOf, type ComputeOptions, type StudyRunEvent } from '../compute-run.ts';
import { groupBy } from '../group-by.ts';
import { systemKey, type PlannedRun } from '../plan.ts';
import { rank, rungShares, whoStops, type Standing } from './decide.ts';
import { planHalving, type HalvingPlan } from './plan-halving.ts';
import type { HalvingMetric } from './metric.ts';

/** What became of a system at a share of its steps. */
export interface Rung { share: number; steps: number; score: Score; difference: Score | null; isTied: boolean }

export interface HalvingLine {
  name: string;
  seeds: number;
  rungs: Rung[];
  /** Why it went no further; null for those that are left at the end. */
  stopped: string | null;
  isWinner: boolean;
}

export type HalvingEvent = StudyRunEvent | { event: 'rung'; share: number; steps: number; standings: (Standing & { name: string })[]; stops: string[] };

export interface HalvingOptions extends ComputeOptions {
  workers: readonly WorkerHost<Commands>[];
  onEvent(event: HalvingEvent): void;
}

interface SystemRuns { name: string; runs: readonly PlannedRun[]; line: HalvingLine }

/** JSON has no word for what is no number. */
const keptSchema = z.strictObject({ rows: z.array(z.int()), statistics: z.array(z.array(z.number().nullable().transform((value) => value ?? NaN))) });
type Kept = z.infer<typeof keptSchema>;

/**
 * All systems for a share of their steps, the worse half stops, the rest goes on from its checkpoints. What is computed and
 * measured lies in the study's folder, and decisions follow from that alone, so that the same call goes on after a stop at any moment.
 * @returns a line for each system in the study's order; null where the signal came before the end
 */
export async function runHalving(home: Home, study: Study, runs: readonly PlannedRun[], { metric, keep }: { metric: HalvingMetric; keep: number }, options: HalvingOptions): Promise<HalvingLine[] | null> {
  const plan = planHalving(runs, metric, keep);
  await mkdir(options.folder, { recursive: true });
  const lock = await acquireLock(options.folder, 'Study folder');
  try {
    return await new Halving(home, study, plan, options).go(runs);
  } finally {
    await lock.release();
  }
}

class Halving {
  readonly #home: Home;
  readonly #study: Study;
  readonly #plan: HalvingPlan;
  readonly #options: HalvingOptions;
  #allowed: string[] = [];
  /** Updates of every run, by its key. */
  readonly #steps = new Map<string, number>();

  constructor(home: Home, study: Study, plan: HalvingPlan, options: HalvingOptions) {
    this.#home = home;
    this.#study = study;
    this.#plan = plan;
    this.#options = options;
  }

  async go(runs: readonly PlannedRun[]): Promise<HalvingLine[] | null> {
    const { metric, keep } = this.#plan;
    const { folder, workers: [host], signal } = this.#options;
    this.#allowed = await checkRuns(runs, this.#options, host!);
    for (const run of runs) this.#steps.set(run.key, await host!.request('countSteps', { recipe: run.recipe, runDir: runDirOf(folder, run) }, { signal }));
    const systems = [...groupBy(runs, systemKey).values()].map((group): SystemRuns => {
      const name = nameOf(group[0]!);
      return { name, runs: group, line: { name, seeds: group.length, rungs: [], stopped: null, isWinner: false } };
    });
    let going = systems;
    for (const share of rungShares(systems.length, keep)) {
      const measured = await this.#rung(going, share);
      if (measured === null) return null;
      const whole = going.filter(({ line }) => line.stopped === null);
      if (whole.length === 0) break;
      const standings = rank(whole.map(({ name }) => ({ key: name, seeds: measured.get(name)! })), metric, 0);
      for (const { key, ...standing } of standings) {
        const { line, runs: [first] } = byName(whole, key);
        line.rungs.push({ share, steps: this.#stepsAt(first!, share), ...standing });
      }
      const stops = share < 1 ? whoStops(standings, keep) : standings.slice(keep);
      for (const { key, difference, isTied } of stops) byName(whole, key).line.stopped = whyStopped(standings[0]!, difference!, isTied, share);
      going = whole.filter(({ line }) => line.stopped === null);
      this.#options.onEvent({ event: 'rung', share, steps: this.#stepsAt(whole[0]!.runs[0]!, share), standings: standings.map((standing) => ({ ...standing, name: standing.key })), stops: stops.map(({ key }) => key) });
      if (share === 1) byName(systems, standings[0]!.key).line.isWinner = true;
    }
    return systems.map(({ line }) => line);
  }

  /** Brings systems to a share of their steps and measures them. A system of which a run fails stops; null where the signal came. */
  async #rung(systems: readonly SystemRuns[], share: number): Promise<Map<string, Kept['statistics'][]> | null> {
    const { workers, signal, onEvent } = this.#options;
    const tasks = systems.flatMap((system) => system.runs.map((run) => ({ system, run })));
    const results: Kept[] = [];
    let next = 0;
    await Promise.all(workers.map(async (host) => {
      for (let at = next++; at < tasks.length && !signal.aborted; at = next++) {
        const { system, run } = tasks[at]!;
        try {
          results[at] = await this.#measured(run, share, host);
        } catch (error) {
          if (signal.aborted) return;
          const told = toReport(error);
          system.line.stopped = `failed: ${told.message}`;
          onEvent({ event: 'failed', key: run.key, error: told });
        }
      }
    }));
    if (signal.aborted) return null;
    const bySystem = new Map<string, Kept['statistics'][]>();
    const rows = new Map<number, string>();
    for (const [at, { system, run }] of tasks.entries()) {
      const result = results[at];
      if (!result) continue;
      const known = rows.get(run.seed) ?? JSON.stringify(result.rows);
      if (known !== JSON.stringify(result.rows)) throw new Problem(`Run ${run.key} has other held-out rows than the other runs of its seed, so they cannot be compared row by row.`, { hint: 'Give all arms the same data.validation and evaluate.examples.' });
      rows.set(run.seed, known);
      bySystem.set(system.name, [...bySystem.get(system.name) ?? [], result.statistics]);
    }
    return bySystem;
  }

  async #measured(run: PlannedRun, share: number, host: WorkerHost<Commands>): Promise<Kept> {
    const { metric, divergence, beta } = this.#plan;
    const { folder, signal } = this.#options;
    const steps = this.#stepsAt(run, share);
    const path = join(folder, 'halving', `${run.key}.${metric.name}.${steps}.json`);
    const kept = await readFile(path, 'utf8').catch(() => null);
    if (kept !== null) return parse(kept, path);
    const checkpoint = await this.#bring(run, steps, host);
    const measured = await host.request('scoreRows', {
      recipe: run.recipe, runDir: runDirOf(folder, run), checkpoint, metric: metric.name, divergence, beta, allowed: this.#allowed,
    }, { signal });
    await mkdir(join(folder, 'halving'), { recursive: true });
    await writeWhole(path, [`${JSON.stringify(measured)}\n`], { replace: true });
    return measured;
  }

  /** At least one step. */
  #stepsAt({ key }: PlannedRun, share: number): number {
    return Math.max(1, Math.round(this.#steps.get(key)! * share));
  }

  /** A run's checkpoint at a step, computed where it is not there yet; of a run that stopped early before it, its last. */
  async #bring(run: PlannedRun, steps: number, host: WorkerHost<Commands>): Promise<string> {
    const { checkpoints, recipe } = runPaths(runDirOf(this.#options.folder, run));
    const isLast = steps === this.#stepsAt(run, 1);
    const there = existsSync(recipe) ? await listCheckpoints(checkpoints) : [];
    const found = there.find(({ step }) => step === steps);
    if (found && !isLast) return found.path;
    if ((there.at(-1)?.step ?? 0) > steps) {
      throw new Problem(`Run ${run.key} has gone past step ${steps} already, and its checkpoint there is gone.`, { hint: 'Give the halving a folder of its own with --dir.' });
    }
    const { checkpoint, status } = await computeRun(this.#home, this.#study, run, host, this.#options, isLast ? undefined : steps);
    const at = (await listCheckpoints(checkpoints)).at(-1)?.step;
    if (checkpoint === null || (status === 'stopped' && at !== steps)) throw new Problem(`Run ${run.key} was stopped.`, { kind: 'failure' });
    return checkpoint;
  }
}

const byName = (systems: readonly SystemRuns[], name: string): SystemRuns => systems.find((system) => system.name === name)!;

/** An arm at its point of the grid. */
const nameOf = ({ arm, point }: PlannedRun): string => [arm, ...Object.entries(point).map(([field, value]) => `${field.split('.').at(-1)} ${JSON.stringify(value)}`)].join(', ');

function whyStopped(best: Standing, { value, low, high }: Score, isTied: boolean, share: number): string {
  const by = `${value.toPrecision(3)} (${low!.toPrecision(3)} to ${high!.toPrecision(3)})`;
  const at = share === 1 ? 'at the end' : `after ${Math.round(100 * share)}% of its steps`;
  return isTied ? `${at}, not certainly worse than "${best.key}": ${by}` : `${at}, worse than "${best.key}": ${by}`;
}

function parse(text: string, path: string): Kept {
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Problem(`${path} is not what a study keeps.`, { hint: 'Remove the file; what it held is measured again.', cause });
  }
}
