import { endProgram } from '../bounds/programs.ts';
import { Problem, fromReport } from '../contract/problem.ts';
import type {
  Command, CommandEvent, CommandMap, CommandName, ParamsInput, RequestOptions, Result, WorkerHost,
} from '../contract/worker-host.ts';
import { explainDeath } from './death.ts';
import type { HostPort } from './ports.ts';
import { SilenceWatch } from './silence-watch.ts';
import { describeMismatch, workerFrame, type HostFrame, type WorkerFrame } from './protocol.ts';

export interface ClientOptions {
  readyTimeoutMs?: number;
  closeTimeoutMs?: number;
  /** How long the worker may be silent once a request has been cancelled. */
  cancelTimeoutMs?: number;
  /** Told of every request how many rows of a long file have been read for it. */
  onReading?: (rows: number) => void;
}

interface Pending {
  command: Command;
  frame: Extract<HostFrame, { type: 'request' }>;
  sent: boolean;
  /** The reason of a cancellation, as long as the worker has not confirmed it. */
  cancelled: { reason: unknown } | null;
  /** How long the worker may be silent while this goes on; null for as long as it likes. */
  silenceMs: number | null;
  onEvent: ((event: unknown) => void) | undefined;
  onReading: ((rows: number) => void) | undefined;
  resolve(result: unknown): void;
  reject(reason: unknown): void;
}

/** The program's side of the protocol, over any port. */
export class WorkerClient<M extends CommandMap> implements WorkerHost<M> {
  readonly ended: Promise<Problem | null>;
  readonly #port: HostPort;
  readonly #commands: M;
  readonly #closeTimeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #cancelTimeoutMs: number;
  readonly #onReading: ((rows: number) => void) | undefined;
  readonly #readyTimer: NodeJS.Timeout;
  readonly #silence: SilenceWatch;
  /** Programs of others that the worker runs. */
  #programs: readonly number[] = [];
  #lastId = 0;
  #ready = false;
  #closing = false;
  /** Why the worker is of no use any more. */
  #lost: Problem | null = null;

  constructor(port: HostPort, commands: M, options: ClientOptions = {}) {
    const readyTimeoutMs = options.readyTimeoutMs ?? 60_000;
    this.#port = port;
    this.#commands = commands;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 10_000;
    this.#onReading = options.onReading;
    this.#cancelTimeoutMs = options.cancelTimeoutMs ?? 10_000;
    this.#silence = new SilenceWatch(() => this.#port.send({ type: 'ping' } satisfies HostFrame), (silentMs) => this.#abandon(new Problem(
      `The computing process gave no sign of life for ${Math.round(silentMs / 1000)} s and was ended.`,
      { kind: 'failure', hint: 'What was asked is too much for it, or a model, a file or a pattern makes it run without end. The next question starts it again.' })));
    this.#readyTimer = setTimeout(() => this.#abandon(new Problem(
      `The computing process was not ready within ${readyTimeoutMs / 1000} s.`,
      { kind: 'failure', hint: 'Try again; if the machine is very busy, close other programs first.' })), readyTimeoutMs);
    port.onMessage((message) => this.#receive(message));
    this.ended = new Promise((resolve) => port.onEnd((end) => {
      // One that was killed could not end them.
      for (const pid of this.#programs) endProgram(pid, 'SIGKILL');
      this.#lose(this.#closing ? new Problem('The computing process was closed.', { kind: 'failure' }) : explainDeath(end, this.#ready));
      resolve(this.#closing ? null : this.#lost);
    }));
  }

  request<Name extends CommandName<M>>(
    command: Name, params: ParamsInput<M, Name>, options: RequestOptions<CommandEvent<M, Name>> = {},
  ): Promise<Result<M, Name>> {
    const { signal, onEvent } = options;
    const id = this.#lastId += 1;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason as Error);
      else if (this.#lost) reject(this.#lost);
      else if (this.#closing) reject(new Problem('The computing process is being closed.', { kind: 'failure' }));
      else {
        this.#pending.set(id, {
          command: this.#commands[command] as Command, frame: { type: 'request', id, command, params },
          sent: false, cancelled: null, silenceMs: options.silenceMs ?? null, onEvent: onEvent as ((event: unknown) => void) | undefined,
          onReading: options.onReading ?? this.#onReading, resolve, reject,
        });
        if (this.#ready) this.#sendRequest(id);
      }
    });
    const cancel = (): void => this.#cancel(id, signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    // The result was parsed by the command's own schema.
    return answer.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<Result<M, Name>>;
  }

  get isUsable(): boolean {
    return !this.#lost && !this.#closing;
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      if (this.#ready) this.#port.send({ type: 'close' } satisfies HostFrame);
      else this.#port.kill();
    }
    const timer = setTimeout(() => this.#port.kill(), this.#closeTimeoutMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#closing = true;
    this.#port.kill();
  }

  #sendRequest(id: number): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.sent = true;
    try {
      this.#port.send(pending.frame);
      this.#watch();
    } catch (error) {
      this.#settle(id, () => pending.reject(error));
    }
  }

  #cancel(id: number, reason: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending || pending.cancelled) return;
    pending.cancelled = { reason };
    if (pending.sent) {
      pending.silenceMs = Math.min(this.#cancelTimeoutMs, pending.silenceMs ?? Infinity);
      this.#port.send({ type: 'cancel', id } satisfies HostFrame);
      this.#watch();
    } else this.#settle(id, () => pending.reject(reason));
  }

  #receive(message: unknown): void {
    if (this.#lost) return;
    this.#silence.heard();
    const frame = workerFrame.safeParse(message);
    if (!frame.success) {
      this.#abandon(malformed(describeMismatch(frame.error)));
    } else if (frame.data.type === 'ready') {
      this.#ready = true;
      clearTimeout(this.#readyTimer);
      for (const id of [...this.#pending.keys()]) this.#sendRequest(id);
    } else if (frame.data.type === 'pong') {
      return;
    } else if (frame.data.type === 'programs') {
      this.#programs = frame.data.running;
    } else if (frame.data.type === 'fault') {
      this.#abandon(new Problem(frame.data.message, { kind: 'failure' }));
    } else {
      this.#answer(frame.data);
    }
  }

  #answer(frame: Extract<WorkerFrame, { id: number }>): void {
    const { id } = frame;
    const pending = this.#pending.get(id);
    if (!pending) {
      if (id > this.#lastId) this.#abandon(malformed(`an answer to request ${id}, which nobody made`));
      return;
    }
    if (frame.type === 'reading') {
      if (!pending.cancelled) pending.onReading?.(frame.rows);
      return;
    }
    if (frame.type === 'error') {
      this.#settle(id, () => pending.reject(pending.cancelled ? pending.cancelled.reason : fromReport(frame.error)));
      return;
    }
    const parsed = frame.type === 'event' ? pending.command.event.safeParse(frame.event) : pending.command.result.safeParse(frame.result);
    if (!parsed.success) {
      this.#abandon(malformed(`${frame.type} of "${pending.frame.command}": ${describeMismatch(parsed.error)}`));
    } else if (frame.type === 'result') {
      this.#settle(id, () => pending.resolve(parsed.data));
    } else if (!pending.cancelled) {
      try {
        pending.onEvent?.(parsed.data);
      } catch (error) {
        this.#port.send({ type: 'cancel', id } satisfies HostFrame);
        this.#settle(id, () => pending.reject(error));
      }
    }
  }

  #settle(id: number, how: () => void): void {
    if (!this.#pending.delete(id)) return;
    how();
    this.#watch();
  }

  #watch(): void {
    const bounds = [...this.#pending.values()].flatMap(({ sent, silenceMs }) => (sent && silenceMs !== null ? [silenceMs] : []));
    this.#silence.expect(bounds.length === 0 ? null : Math.min(...bounds));
  }

  /** Gives the worker up: it is too late, or cannot be trusted. */
  #abandon(problem: Problem): void {
    this.#lose(problem);
    this.#port.kill();
  }

  #lose(problem: Problem): void {
    clearTimeout(this.#readyTimer);
    this.#lost ??= problem;
    for (const [id, pending] of [...this.#pending]) this.#settle(id, () => pending.reject(pending.cancelled ? pending.cancelled.reason : this.#lost));
    this.#silence.expect(null);
  }
}

function malformed(what: string): Problem {
  return new Problem(`The computing process sent a malformed message: ${what}.`, { kind: 'failure' });
}
