import type { Asker } from '../contract/api/asker.ts';
import { Problem } from '../contract/problem.ts';

/** Answers the last question of each asker: a newer one ends the work for the one before it, which nobody waits for. */
export class Latest {
  /** The last question of each asker, also where it is answered: one that was asked before it may still be on its way. */
  readonly #last = new Map<string, { turn: number; controller: AbortController }>();

  /**
   * @param asker  undefined for who asks only once
   * @throws Problem where a newer question has come, before or meanwhile
   */
  async answer<T>(asker: Asker | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (asker === undefined) return work(controller.signal);
    const { id, turn } = asker;
    const before = this.#last.get(id);
    if (before && before.turn > turn) throw superseded();
    before?.controller.abort(superseded());
    this.#last.set(id, { turn, controller });
    return work(controller.signal);
  }
}

const superseded = (): Problem => new Problem('A newer question took the place of this one.', { kind: 'failure' });
