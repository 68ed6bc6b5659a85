import { setTimeout as sleep } from 'node:timers/promises';
import { PassingFault } from '../hub/passing-fault.ts';

/** How long a server is waited for. */
export interface Patience {
  /** Milliseconds before a request that failed in passing is made again; each time twice as long, up to `longest`. */
  pause: number;
  longest: number;
  /** Times that it is asked before it is given up. */
  tries: number;
  /** Told of every fault, and whether the request went through at last (null). */
  onFault?(fault: PassingFault | null): void;
}

/** Before a run begins, and of whoever waits in front of a screen. */
export const SHORT: Patience = { pause: 500, longest: 4000, tries: 4 };

/** Does work again that fails in passing, after a pause each time. @throws Problem, the reason of `signal` */
export async function patiently<T>({ pause, longest, tries, onFault }: Patience, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let at = 1; ; at++) {
    try {
      const done = await work();
      if (at > 1) onFault?.(null);
      return done;
    } catch (error) {
      if (!(error instanceof PassingFault)) throw error;
      if (at >= tries) throw error.problem;
      onFault?.(error);
      // What many requests wait for comes back for all at once; half of the pause is each one's own.
      const next = Math.min(longest, pause * 2 ** (at - 1));
      await sleep(error.pause ?? next * (0.5 + Math.random() / 2), undefined, { ...(signal && { signal }) }).catch(() => undefined);
      signal?.throwIfAborted();
    }
  }
}
