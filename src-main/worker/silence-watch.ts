/** How often a worker is asked for a sign of life, and its silence is measured, in milliseconds. */
const PULSE = 500;

/** Asks a worker for signs of life while something is bound to them, and tells when they stay away. */
export class SilenceWatch {
  readonly #ping: () => void;
  readonly #onSilence: (silentMs: number) => void;
  #limitMs: number | null = null;
  #lastHeard = 0;
  /** When the worker was last seen to be watched: a program that slept or was stopped itself has heard nothing either. */
  #lastPulse = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param ping  asks; the answer is told by `heard` */
  constructor(ping: () => void, onSilence: (silentMs: number) => void) {
    this.#ping = ping;
    this.#onSilence = onSilence;
  }

  heard(): void {
    this.#lastHeard = Date.now();
  }

  /** @param limitMs  the longest silence from now on; null where nobody minds */
  expect(limitMs: number | null): void {
    if (limitMs === null) {
      if (this.#timer) clearInterval(this.#timer);
      this.#timer = null;
    } else if (this.#timer === null) {
      this.#lastHeard = this.#lastPulse = Date.now();
      this.#timer = setInterval(() => this.#pulse(), PULSE).unref();
    }
    this.#limitMs = limitMs;
  }

  #pulse(): void {
    const now = Date.now();
    if (now - this.#lastPulse > 4 * PULSE) this.#lastHeard += now - this.#lastPulse;
    this.#lastPulse = now;
    const silentMs = now - this.#lastHeard;
    if (this.#limitMs !== null && silentMs > this.#limitMs) this.#onSilence(silentMs);
    else this.#ping();
  }
}
