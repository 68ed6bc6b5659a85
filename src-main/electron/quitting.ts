import type { Studio } from '../studio/studio.ts';

/** What to do about runs that are going when the person quits. */
export type QuitChoice = 'save' | 'stay' | 'now';

/** How the application itself ends: in order, or at once whatever is open. */
interface Leave { quit(): void; exit(): void }

/** The application's way out: runs are saved and the studio is closed before it goes. */
export class Quitting {
  readonly #studio: Pick<Studio, 'live' | 'close' | 'cutOff'>;
  readonly #ask: (runs: readonly string[]) => Promise<QuitChoice>;
  readonly #leave: Leave;
  #state: 'open' | 'asking' | 'closing' | 'closed' = 'open';

  /** @param ask  what is to become of the runs of these names */
  constructor(studio: Pick<Studio, 'live' | 'close' | 'cutOff'>, ask: (runs: readonly string[]) => Promise<QuitChoice>, leave: Leave) {
    this.#studio = studio;
    this.#ask = ask;
    this.#leave = leave;
  }

  /** Whether the application may end now. Where it may not yet, it does later, unless the person wants to stay. */
  mayGo(): boolean {
    if (this.#state === 'open') void this.#byPerson();
    return this.#state === 'closed';
  }

  /** The system ends the session, or a terminal the program: nobody may be there to ask, so runs are saved. Told again, it ends at once. */
  told(): void {
    if (this.#state === 'closing') void this.#cutOff();
    else if (this.#state !== 'closed') void this.#inOrder();
  }

  async #byPerson(): Promise<void> {
    const runs = this.#studio.live().map(({ name }) => name);
    if (runs.length === 0) return this.#inOrder();
    this.#state = 'asking';
    const choice = await this.#ask(runs);
    // A signal may have come while the question stood.
    if (this.#state !== 'asking') return;
    this.#state = 'open';
    if (choice === 'save') await this.#inOrder();
    else if (choice === 'now') await this.#cutOff();
  }

  async #inOrder(): Promise<void> {
    // An open question would keep its window, and with it the application.
    const isAsking = this.#state === 'asking';
    this.#state = 'closing';
    await this.#studio.close().catch(() => undefined);
    if (this.#state !== 'closing') return;
    this.#state = 'closed';
    if (isAsking) this.#leave.exit();
    else this.#leave.quit();
  }

  async #cutOff(): Promise<void> {
    this.#state = 'closed';
    await this.#studio.cutOff().catch(() => undefined);
    this.#leave.exit();
  }
}
