/**
 * The two ends of the wire between a program and its worker. A kind of worker (Node child, in-memory, Electron
 * utility process) is these few functions; `WorkerClient` and `serve` do the rest.
 */

/** How a worker's process ended. */
export interface WorkerEnd {
  /** Exit code, null where a signal ended it. */
  code: number | null;
  signal: string | null;
  /** The last it wrote to stderr. */
  output: string;
  /** What else helps a worker of this kind that ran out of memory, as a sentence. */
  advice?: string;
  /** Why it could not be started at all. */
  error?: Error;
}

/** The program's end. Messages are structured-cloned. */
export interface HostPort {
  /** Throws where the message cannot be cloned; a worker that is gone ignores it. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Told once, after the last message. */
  onEnd(listener: (end: WorkerEnd) => void): void;
  kill(): void;
}

/** The worker's end. */
export interface WorkerPort {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Told when the program is gone. */
  onDisconnect(listener: () => void): void;
  /** Ends the worker once everything sent is delivered. */
  exit(): void;
}
