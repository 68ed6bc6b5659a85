import { mkdir } from 'node:fs/promises';
import { localTeacher } from '../../contract/local-teacher.ts';
import { Problem, toReport } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { Study } from '../../contract/study.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';
import { findMetrics } from '../../metrics/score.ts';
import { readEvaluations } from '../../store/evaluations.ts';
import type { Home } from '../home.ts';
import { acquireLock } from '../../run-folder/run-lock.ts';
import { modelOf } from '../../run-folder/checkpoint-folder.ts';
import { checkRuns, computeRun, type ComputeOptions, type StudyRunEvent } from './compute-run.ts';
import { evaluationRequest, ownEvaluation } from './measure.ts';
import { Measurements, type Measurement } from './measurements.ts';
import type { PlannedRun, System } from './plan.ts';

/** What the study has of one model: a run's student, or a model that no run made. */
export interface Measured {
  /** Null where no run of the study made the model. */
  system: System | null;
  /** What the model is called in the table: its arm, "teacher", "before". */
  name: string;
  seed: number | null;
  evaluation: string;
  measurement: Measurement;
}

export type StudyEvent = StudyRunEvent
  | ({ event: 'measured'; done: number; total: number } & Measured);

export interface StudyOptions extends ComputeOptions {
  /** Each computes one run at a time. */
  workers: readonly WorkerHost<Commands>[];
  onEvent(event: StudyEvent): void;
}

/** One thing to be done, and what it brings. */
interface Task { key: string; work(host: WorkerHost<Commands>): Promise<Measured[]> }

/** The evaluation of a study that names none: each run's own last one. */
const OWN_EVALUATION = 'run';

/**
 * Computes a study, or goes on with it: runs that are done and models that are measured are not computed again. A run
 * that fails does not stop the others.
 * @returns what was measured, in the study's order; less than everything where runs failed or the signal came
 */
export async function runStudy(home: Home, study: Study, runs: readonly PlannedRun[], options: StudyOptions): Promise<Measured[]> {
  await mkdir(options.folder, { recursive: true });
  const lock = await acquireLock(options.folder, 'Study folder');
  try {
    return await new StudyRun(home, study, runs, options).go();
  } finally {
    await lock.release();
  }
}

class StudyRun {
  readonly #home: Home;
  readonly #study: Study;
  readonly #runs: readonly PlannedRun[];
  readonly #options: StudyOptions;
  readonly #kept: Measurements;

  constructor(home: Home, study: Study, runs: readonly PlannedRun[], options: StudyOptions) {
    this.#home = home;
    this.#study = study;
    this.#runs = runs;
    this.#options = options;
    this.#kept = new Measurements(options.folder);
  }

  async go(): Promise<Measured[]> {
    const { workers, signal, onEvent } = this.#options;
    for (const evaluation of this.#study.evaluations) {
      evaluation.metrics.forEach(findMetrics);
      for (const { recipe } of this.#runs) evaluationRequest(evaluation, recipe.student.model, recipe);
    }
    await checkRuns(this.#runs, this.#options, workers[0]!);
    const tasks = [...this.#given(), ...this.#runs.map((run): Task => ({ key: run.key, work: (host) => this.#run(run, host) }))];
    const results = tasks.map((): Measured[] => []);
    let next = 0;
    let done = 0;
    await Promise.all(workers.map(async (host) => {
      for (let at = next++; at < tasks.length && !signal.aborted; at = next++) {
        const { key, work } = tasks[at]!;
        try {
          results[at] = await work(host);
          done++;
          for (const measured of results[at]!) onEvent({ event: 'measured', done, total: tasks.length, ...measured });
        } catch (error) {
          if (!signal.aborted) onEvent({ event: 'failed', key, error: toReport(error) });
        }
      }
    }));
    return results.flat();
  }

  /** Teachers and starting students, which no run makes. */
  #given(): Task[] {
    const models = new Map<string, { name: string; recipe: Recipe }>();
    for (const { recipe } of this.#runs) {
      const teacher = localTeacher(recipe);
      if (teacher) models.set(teacher.model, { name: 'teacher', recipe });
      models.set(recipe.student.model, { name: 'before', recipe });
    }
    const given = [...models].map(([model, entry]) => ({ model, ...entry }));
    return given.map(({ model, name, recipe }, at): Task => {
      // Where there are several of a kind, the folder tells them apart.
      const several = given.filter((other) => other.name === name).length > 1;
      const key = several ? `${name}-${at}` : name;
      return {
        key,
        work: (host) => this.#measure(host, { system: null, name: several ? `${name} (${model.split(/[/\\]/).at(-1)})` : name, seed: null }, key, model, recipe),
      };
    });
  }

  async #run(run: PlannedRun, host: WorkerHost<Commands>): Promise<Measured[]> {
    const { key, arm, seed, recipe } = run;
    const { runId, checkpoint } = await this.#compute(run, host);
    const whose = { system: { arm, point: run.point }, name: arm, seed };
    if (this.#study.evaluations.length > 0) return this.#measure(host, whose, key, modelOf(checkpoint), recipe);
    const evaluations = await readEvaluations(this.#home.database, runId);
    const last = { ...whose, evaluation: OWN_EVALUATION, measurement: ownEvaluation(evaluations.at(-1)!) };
    // Every run of a starting student has measured it.
    const isFirst = this.#runs.find((other) => other.recipe.student.model === recipe.student.model) === run;
    return isFirst ? [{ system: null, name: 'before', seed: null, evaluation: OWN_EVALUATION, measurement: ownEvaluation(evaluations[0]!) }, last] : [last];
  }

  async #compute(run: PlannedRun, host: WorkerHost<Commands>): Promise<{ runId: string; checkpoint: string }> {
    const { runId, status, checkpoint } = await computeRun(this.#home, this.#study, run, host, this.#options);
    if (status === 'stopped') throw new Problem(`Run ${run.key} was stopped.`, { kind: 'failure' });
    return { runId, checkpoint: checkpoint! };
  }

  async #measure(host: WorkerHost<Commands>, whose: Omit<Measured, 'evaluation' | 'measurement'>, key: string, model: string, recipe: Recipe): Promise<Measured[]> {
    const measured: Measured[] = [];
    for (const evaluation of this.#study.evaluations) {
      const measurement = await this.#kept.keep(`${key}.${measured.length}`, () => host.request('evaluate', evaluationRequest(evaluation, model, recipe), { signal: this.#options.signal }));
      measured.push({ ...whose, evaluation: evaluation.name, measurement });
    }
    return measured;
  }
}
