import type { z } from 'zod';
import type { Problem } from './problem.ts';

/** One thing a worker can be asked: the schemas of what goes in, what comes back, and what is told meanwhile. */
export interface Command { readonly params: z.ZodType; readonly result: z.ZodType; readonly event: z.ZodType }
export type CommandMap = Readonly<Record<string, Command>>;
export type CommandName<M extends CommandMap> = keyof M & string;

/** What the asking side writes, what the handler reads (defaults filled in), what comes back. */
export type ParamsInput<M extends CommandMap, Name extends keyof M> = z.input<M[Name]['params']>;
export type Params<M extends CommandMap, Name extends keyof M> = z.output<M[Name]['params']>;
export type Result<M extends CommandMap, Name extends keyof M> = z.output<M[Name]['result']>;
export type CommandEvent<M extends CommandMap, Name extends keyof M> = z.output<M[Name]['event']>;

export interface RequestOptions<Event> {
  /** Told everything the handler emits, in order, before the request settles. If it throws, the request rejects with that error and the worker is told to cancel. */
  onEvent?: (event: Event) => void;
  /** Told now and then how many rows of a long file have been read for it. */
  onReading?: (rows: number) => void;
  /** Cancels: the request rejects with the signal's reason once the worker has stopped working on it. */
  signal?: AbortSignal;
  /** Milliseconds in which the worker must show that it is alive; one that does not is ended. Without it, it may block for as long as it likes. */
  silenceMs?: number;
}

/** A worker as the rest of the program sees it, wherever it runs. */
export interface WorkerHost<M extends CommandMap> {
  /**
   * Settles exactly once: with the result, with the handler's Problem, with the reason of a cancellation, or
   * with a Problem of kind failure if the worker dies. Requests made before the worker is ready wait for it.
   */
  request<Name extends CommandName<M>>(
    command: Name, params: ParamsInput<M, Name>, options?: RequestOptions<CommandEvent<M, Name>>,
  ): Promise<Result<M, Name>>;
  /** Resolves when the worker has ended, with the reason if nobody asked it to. It is never started again. */
  readonly ended: Promise<Problem | null>;
  /** Whether it can still be asked. */
  readonly isUsable: boolean;
  /** Whether something that it was asked has not been answered yet. */
  readonly isBusy: boolean;
  /** Cancels what is going on and ends the worker; one that does not end in time is killed. */
  close(): Promise<void>;
  /** Ends the worker whatever it does. */
  kill(): void;
}
