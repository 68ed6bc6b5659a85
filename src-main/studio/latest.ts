import { Problem } from '../contract/problem.ts';

/** Answers the last question of each asker: a newer one ends the work for the one before it, which nobody waits for. */
export class Latest {
  readonly #going = new Map<string, AbortController>();

  /** @param asker  undefined for who asks only once */
  async answer<T>(asker: string | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (asker === undefined) return work(controller.signal);
    this.#going.get(asker)?.abort(new Problem('A newer question took the place of this one.', { kind: 'failure' }));
    this.#going.set(asker, controller);
    try {
      return await work(controller.signal);
    } finally {
      if (this.#going.get(asker) === controller) this.#going.delete(asker);
    }
  }
}
