import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../contract/api/settings.ts';
import { Problem } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, ParamsInput, RequestOptions, Result, WorkerHost } from '../contract/worker-host.ts';

/**
 * `compute` does the runs, one after the other; `jobs` what takes long beside them (inspections, comparisons, exports);
 * `interactive` answers what a person waits for, and so waits for neither; `chat` holds the models that a person talks to. A
 * `probe` tries one device and is ended.
 */
export type WorkerKind = 'compute' | 'jobs' | 'interactive' | 'chat' | 'probe';

/** What a person asks and waits for: in what words, for how many seconds at most, and how long the worker may block. */
const QUESTIONS = {
  preview: { what: 'Looking at the data', limit: 60, silence: 15 },
  see: { what: 'Looking at what the model sees', limit: 120, silence: 15 },
  describe: { what: 'Looking at the model', limit: 60, silence: 15 },
  pair: { what: 'Comparing the two models', limit: 60, silence: 15 },
  lookAtServer: { what: 'Trying the server', limit: 300, silence: 150 },
  handover: { what: 'The handover', limit: 3600, silence: 600 },
  forecastMemory: { what: 'The forecast', limit: 300, silence: 60 },
  check: { what: 'The check', limit: 300, silence: 15 },
  generate: { what: 'Writing the text', limit: 600, silence: 120 },
  look: { what: 'Measuring the text', limit: 300, silence: 120 },
  searchHub: { what: 'The search', limit: 120, silence: 60 },
  lookAtHub: { what: 'Looking at the hub', limit: 300, silence: 60 },
  goOn: { what: 'Writing the continuations', limit: 300, silence: 120 },
} as const satisfies Partial<Record<keyof Commands, { what: string; limit: number; silence: number }>>;
export type Question = keyof typeof QUESTIONS;

/** Seconds that an idle process keeps its models in memory. */
const IDLE = { jobs: 60, chat: 300 };
type IdleKind = keyof typeof IDLE;
export type CreateWorker = (kind: WorkerKind, settings: Settings) => WorkerHost<Commands>;

interface Kept { host: WorkerHost<Commands>; made: Settings; isStale?: boolean }

/**
 * The computing processes, each started when it is first needed. One that died is told by the request it had; one that was
 * started with other settings gives way to another as soon as it is through with what it does.
 */
export class Workers {
  readonly #create: CreateWorker;
  readonly #settings: () => Settings;
  readonly #hosts = new Map<WorkerKind, Kept>();
  /** Those that are being put away. */
  readonly #ending = new Set<Promise<void>>();
  readonly #users: Record<IdleKind, number> = { jobs: 0, chat: 0 };

  constructor(create: CreateWorker, settings: () => Settings) {
    this.#create = create;
    this.#settings = settings;
  }

  get(kind: WorkerKind): WorkerHost<Commands> {
    this.#renew(kind);
    const known = this.#hosts.get(kind);
    if (known?.host.isUsable === true) return known.host;
    const made = this.#settings();
    const host = this.#create(kind, made);
    this.#hosts.set(kind, { host, made });
    // The next request after a death gets a new one; nothing is done again by itself.
    void host.ended.then(() => { if (this.#hosts.get(kind)?.host === host) this.#hosts.delete(kind); });
    return host;
  }

  /** Something that a process looks for as it starts has changed: each is ended once it does nothing. */
  outdate(): void {
    for (const known of this.#hosts.values()) known.isStale = true;
    this.renew();
  }

  /** Ends those that the settings no longer want and that do nothing; of the others each when it is next asked. */
  renew(): void {
    for (const kind of this.#hosts.keys()) this.#renew(kind);
  }

  #renew(kind: WorkerKind): void {
    const known = this.#hosts.get(kind);
    if (known === undefined || known.host.isBusy || (kind in this.#users && this.#users[kind as IdleKind] > 0)) return;
    const { worker, threads } = this.#settings();
    if (known.isStale === true || known.made.worker !== worker || known.made.threads !== threads) void this.#end(kind);
  }

  /**
   * Asks for a person who waits. What takes too long is told and given up; a worker that such a question keeps from
   * answering at all is ended, and the next question gets a new one. @throws Problem
   */
  async ask<Name extends Question>(command: Name, params: ParamsInput<Commands, Name>, { signal, onReading, ...options }: RequestOptions<CommandEvent<Commands, Name>> = {}): Promise<Result<Commands, Name>> {
    const { what, limit, silence } = QUESTIONS[command];
    const late = new AbortController();
    const answered = new AbortController();
    const problem = new Problem(`${what} took longer than ${limit} s and was given up.`, { kind: 'failure', hint: 'Choose less of it (fewer rows, shorter texts, a smaller model), or try again when the machine is less busy.' });
    // A long file takes as long as it takes, and its reader tells how far it is.
    let heard = Date.now();
    const reading = (rows: number): void => {
      heard = Date.now();
      onReading?.(rows);
    };
    const tooLate = (async (): Promise<never> => {
      for (let left = limit * 1000; left > 0; left = heard + limit * 1000 - Date.now()) await sleep(left, undefined, { signal: answered.signal, ref: false });
      late.abort(problem);
      throw problem;
    })();
    tooLate.catch(() => undefined);
    const signals = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    const answer = this.get('interactive').request(command, params, { ...options, onReading: reading, signal: signals, silenceMs: silence * 1000 });
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      answered.abort();
    }
  }

  /** Does a part of a job on the worker of the jobs, which ends when there has been none for a while. */
  job<T>(work: (host: WorkerHost<Commands>) => Promise<T>): Promise<T> {
    return this.during('jobs', work);
  }

  /** Uses a worker that ends when nobody has for a while. */
  async during<T>(kind: IdleKind, work: (host: WorkerHost<Commands>) => Promise<T>): Promise<T> {
    const host = this.get(kind);
    this.#users[kind] += 1;
    try {
      return await work(host);
    } finally {
      this.#users[kind] -= 1;
      void this.#endWhenIdle(kind);
    }
  }

  async #endWhenIdle(kind: IdleKind): Promise<void> {
    const known = this.#hosts.get(kind);
    await sleep(IDLE[kind] * 1000, undefined, { ref: false });
    if (this.#users[kind] === 0 && known !== undefined && this.#hosts.get(kind) === known) await this.#end(kind);
  }

  async #end(kind: WorkerKind): Promise<void> {
    const known = this.#hosts.get(kind);
    if (known === undefined) return;
    this.#hosts.delete(kind);
    const closed = known.host.close();
    this.#ending.add(closed);
    await closed;
    this.#ending.delete(closed);
  }

  /** Ends all of them whatever they do. */
  kill(): void {
    for (const { host } of this.#hosts.values()) host.kill();
  }

  async close(): Promise<void> {
    for (const kind of this.#hosts.keys()) void this.#end(kind);
    await Promise.all(this.#ending);
  }
}
