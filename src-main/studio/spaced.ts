/** Tells the newest of values that come fast, a few times a second. */
export class Spaced<T> {
  readonly #tell: (value: T) => void;
  readonly #every: number;
  #waiting: { value: T } | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** @param every  milliseconds between two words */
  constructor(tell: (value: T) => void, every: number) {
    this.#tell = tell;
    this.#every = every;
  }

  take(value: T): void {
    this.#waiting = { value };
    this.#timer ??= setTimeout(() => this.end(), this.#every);
  }

  /** Tells what waits at once. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.#tell(waiting.value);
  }
}
