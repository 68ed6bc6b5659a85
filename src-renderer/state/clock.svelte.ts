import { createSubscriber } from 'svelte/reactivity';

/** The time, for what is shown relative to it: whatever reads `now` is brought up to date every `period` milliseconds. */
class Clock {
  readonly #subscribe: () => void;
  #held = $state<number | null>(null);

  constructor(period: number) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, period);
      return () => { clearInterval(timer); };
    });
  }

  get now(): number {
    this.#subscribe();
    return this.#held ?? Date.now();
  }

  /** Stands still, because nothing is known of what it measures, or goes on. */
  hold(isHeld: boolean): void {
    this.#held = isHeld ? Date.now() : null;
  }
}

/** Fine enough for "3 minutes ago". */
export const slowClock = new Clock(10_000);

/** For what counts up while one looks. */
export const secondClock = new Clock(1000);
