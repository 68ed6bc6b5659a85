import { bestHereText, bestText, earlyText, type BestScore } from '../contract/best.ts';
import type { Rollout, RunEvent, StepMetrics } from '../contract/events.ts';
import { memorySentence, outcomeSentence, paceSentence } from '../contract/forecast-text.ts';
import type { LogLevel } from '../contract/history.ts';
import { stageSentence } from '../contract/stages.ts';
import { toReport, type Problem, type ProblemReport } from '../contract/problem.ts';
import { insertEvaluation } from './evaluations.ts';
import { insertLog } from './log.ts';
import { ROLLOUT_BUDGET, rolloutBytes, trimRollouts } from './rollout-budget.ts';
import { insertRollouts } from './rollouts.ts';
import type { Database, Queries } from './sqlite.ts';
import { insertSteps } from './steps.ts';
import { truncateAfter } from './truncate.ts';

/** What is kept: all but the passing phases, and the death of the worker, which only its host can tell. */
export type Recorded = Exclude<RunEvent, { event: 'phase' }> | { event: 'interrupted'; error: ProblemReport };

interface RecorderOptions {
  /** Bytes of rollouts kept of the run. */
  rolloutBudget?: number;
  /** Reads what the run's folder keeps of its texts behind step `after` and up to `upTo`, for a history that missed them. */
  keptRollouts?: (after: number, upTo: number) => AsyncIterable<readonly Rollout[]>;
  /** Told what can be read from the history now. */
  onWritten?: (events: readonly Recorded[]) => void;
  /** Told when a batch could not be written. It is kept and tried again with the next one. */
  onProblem?: (problem: unknown) => void;
}

const FLUSH_MS = 200;
const FLUSH_EVENTS = 64;

/**
 * Writes what one run tells into the history, in batches of one transaction each: a crash loses at most the
 * last batch and never a part of one. The run must be in the history already (`createRun`).
 */
export class HistoryRecorder {
  readonly #database: Database;
  readonly #run: string;
  readonly #budget: number;
  readonly #keptRollouts: NonNullable<RecorderOptions['keptRollouts']> | null;
  readonly #onWritten: (events: readonly Recorded[]) => void;
  readonly #onProblem: (problem: unknown) => void;
  #waiting: { at: number; event: Recorded }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** The last step that was written, for the log; the bytes of rollouts, null when not yet asked. */
  #step = 0;
  #rolloutBytes: number | null = null;

  constructor(database: Database, run: string, options: RecorderOptions = {}) {
    this.#database = database;
    this.#run = run;
    this.#budget = options.rolloutBudget ?? ROLLOUT_BUDGET;
    this.#keptRollouts = options.keptRollouts ?? null;
    this.#onWritten = options.onWritten ?? (() => undefined);
    this.#onProblem = options.onProblem ?? (() => undefined);
  }

  /**
   * Takes an event at once; it is written within 200 ms, or with the 64th that waits, or when the run ends.
   * @param at  when it happened, in milliseconds since 1970
   */
  record(event: RunEvent, at = Date.now()): void {
    if (event.event !== 'phase') this.#take(event, at);
  }

  /** Notes that the computing process died in the middle of the run. */
  interrupted(problem: Problem): void {
    this.#take({ event: 'interrupted', error: toReport(problem) });
  }

  /** Writes everything that waits. @throws Problem where the history cannot be written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const done = this.#writing.then(() => this.#write());
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #take(event: Recorded, at = Date.now()): void {
    this.#waiting.push({ at, event });
    const last = event.event === 'done' || event.event === 'stopped' || event.event === 'failed' || event.event === 'interrupted';
    if (last || this.#waiting.length === FLUSH_EVENTS) this.#flushSoon();
    else this.#timer ??= setTimeout(() => this.#flushSoon(), FLUSH_MS);
  }

  #flushSoon(): void {
    this.flush().catch(this.#onProblem);
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const before = { step: this.#step, rolloutBytes: this.#rolloutBytes };
    try {
      await this.#database.transaction(async (queries) => {
        const steps: StepMetrics[] = [];
        for (const { at, event } of batch) {
          if (event.event === 'step') {
            steps.push(event);
            this.#step = event.step;
          } else {
            await insertSteps(queries, this.#run, steps.splice(0));
            await this.#writeEvent(queries, at, event);
          }
        }
        await insertSteps(queries, this.#run, steps);
        await queries.run('UPDATE runs SET updated = ? WHERE id = ?', [batch.at(-1)?.at ?? Date.now(), this.#run]);
      });
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting];
      this.#step = before.step;
      this.#rolloutBytes = before.rolloutBytes;
      throw error;
    }
    this.#onWritten(batch.map(({ event }) => event));
  }

  async #keepRollouts(queries: Queries, rollouts: readonly Rollout[]): Promise<void> {
    const already = this.#rolloutBytes ?? await rolloutBytes(queries, this.#run);
    const bytes = already + await insertRollouts(queries, this.#run, rollouts);
    this.#rolloutBytes = bytes > this.#budget ? await trimRollouts(queries, this.#run, this.#budget) : bytes;
  }

  /**
   * Writes again what the checkpoint's own file says of the last steps and evaluations: it has a checksum, which a row here has
   * not, and a run that was cut off had told more than was written down, as a step is written after its texts.
   */
  async #restore(queries: Queries, at: number, { steps, evaluations, checkpoint, stages = [] }: Extract<Recorded, { event: 'restored' }>): Promise<void> {
    const run = this.#run;
    const last = (await queries.get<{ step: number | null }>('SELECT max(step) AS step FROM steps WHERE run = ?', [run]))?.step ?? 0;
    await insertSteps(queries, run, steps);
    for (const evaluation of evaluations) await insertEvaluation(queries, run, evaluation);
    for (const stage of stages) {
      if (await isTold(queries, run, 'stage', stage.first)) continue;
      await insertLog(queries, run, { at, step: stage.first, level: 'info', code: 'stage', message: stageSentence(stage) });
    }
    for await (const rollouts of this.#keptRollouts?.(last, checkpoint.step) ?? []) {
      for (const step of new Set(rollouts.map((rollout) => rollout.step))) await queries.run('DELETE FROM rollouts WHERE run = ? AND step = ?', [run, step]);
      this.#rolloutBytes = null;
      await this.#keepRollouts(queries, rollouts);
    }
    await queries.run('UPDATE runs SET checkpointStep = ?, checkpointPath = ? WHERE id = ?', [checkpoint.step, checkpoint.path, run]);
  }

  async #writeEvent(queries: Queries, at: number, event: Exclude<Recorded, { event: 'step' }>): Promise<void> {
    const run = this.#run;
    const log = (level: LogLevel, code: string, message: string): Promise<void> =>
      insertLog(queries, run, { at, step: this.#step, level, code, message });
    const end = (status: string, error: ProblemReport | null = null): Promise<unknown> =>
      queries.run('UPDATE runs SET status = ?, ended = ?, error = ? WHERE id = ?', [status, at, error && JSON.stringify(error), run]);

    const keepBest = (best: BestScore | undefined): Promise<unknown> =>
      queries.run('UPDATE runs SET best = ? WHERE id = ?', [best ? JSON.stringify(best) : null, run]);

    switch (event.event) {
      case 'started':
        await truncateAfter(queries, run, event.fromStep);
        await queries.run(
          `UPDATE runs SET status = 'running', started = coalesce(started, ?), ended = NULL, error = NULL,
           runDir = ?, totalSteps = ?, parameters = ?, best = NULL WHERE id = ?`, [at, event.runDir, event.steps, event.parameters, run]);
        this.#step = event.fromStep;
        this.#rolloutBytes = null;
        return event.fromStep === 0
          ? log('info', 'started', `Started; ${event.steps} steps.`)
          : log('info', 'resumed', `Resumed from step ${event.fromStep} of ${event.steps}.`);
      case 'restored':
        this.#step = event.checkpoint.step;
        await this.#restore(queries, at, event);
        await keepBest(event.best);
        if (await isTold(queries, run, 'checkpoint', event.checkpoint.step)) return;
        return log('info', 'checkpoint', `Checkpoint at step ${event.checkpoint.step}${bestHereText({ ...event, ...event.checkpoint })}.`);
      case 'stage':
        // One that was cut off where a stage had just begun begins it again.
        if (await isTold(queries, run, 'stage', event.first)) return;
        return log('info', 'stage', stageSentence(event));
      case 'rollouts':
        return this.#keepRollouts(queries, event.rollouts);
      case 'forecast':
        return log('info', 'forecast', memorySentence(event.memory));
      case 'pace':
        return log('info', 'pace', paceSentence(event.totalMs));
      case 'outcome':
        return log('info', 'outcome', outcomeSentence(event.outcome));
      case 'evaluation':
        return insertEvaluation(queries, run, event);
      case 'checkpoint':
        await queries.run('UPDATE runs SET checkpointStep = ?, checkpointPath = ? WHERE id = ?', [event.step, event.path, run]);
        await keepBest(event.best);
        return log('info', 'checkpoint', `Checkpoint at step ${event.step}${bestHereText(event)}.`);
      case 'warning':
        return log('warning', event.code, event.message);
      case 'stopped':
        await end('stopped');
        return log('info', 'stopped', `Stopped after step ${event.step}.`);
      case 'done':
        await end('done');
        return log('info', 'done', `${event.stoppedEarly ? `Stopped early after step ${event.step}: ${earlyText(event.stoppedEarly)}` : `Done after step ${event.step}`}.${event.best ? ` Best ${bestText(event.best)}.` : ''}`);
      case 'failed':
        await end('failed', event.error);
        return log('error', 'failed', event.error.message);
      case 'interrupted':
        await end('interrupted', event.error);
        return log('error', 'interrupted', event.error.message);
    }
  }
}

async function isTold(queries: Pick<Queries, 'get'>, run: string, code: string, step: number): Promise<boolean> {
  return await queries.get('SELECT 1 FROM log WHERE run = ? AND step = ? AND code = ?', [run, step, code]) !== undefined;
}
