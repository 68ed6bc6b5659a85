import type { PassingFault } from '../../hub/passing-fault.ts';
import type { Patience } from '../../remote/patience.ts';
import { TeacherAway } from './teacher-away.ts';

/** Milliseconds between two looks at whether the run shall stop, and for which an answer that is on its way is waited for then. */
const LOOK_EVERY = 200;
const GRACE = 5000;

/** What a run says of its server, and hears from the person. */
export interface OutageTold {
  /** Whether the run is asked to stop. */
  isStopAsked(): boolean;
  tell(message: string): void;
}

/** A run's waiting for its server: without end, told once each time it begins and ends, and over when the run shall stop. */
export class Outage {
  private readonly told: OutageTold;
  private readonly controller = new AbortController();
  private isAway = false;
  private isBusyTold = false;
  private busy = 0;
  private waited = 0;
  private timer: NodeJS.Timeout | null = null;
  private last: unknown = null;

  constructor(told: OutageTold) {
    this.told = told;
  }

  /** Ends requests and pauses, with a `TeacherAway`. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get patience(): Patience {
    return { pause: 500, longest: 15_000, tries: Infinity, onFault: (fault) => this.hear(fault) };
  }

  /** Listens for the stop of the run while work waits for the server. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy++ === 0) {
      this.waited = 0;
      this.timer = setInterval(() => this.look(), LOOK_EVERY);
    }
    try {
      return await work();
    } catch (error) {
      this.last = error;
      throw error;
    } finally {
      if (--this.busy === 0 && this.timer) clearInterval(this.timer);
    }
  }

  /** Whether this is why the server could not be asked any more. */
  hasCaused(error: unknown): boolean {
    return error !== null && error === this.last;
  }

  /** Ends what is still on its way. */
  end(): void {
    this.controller.abort(new TeacherAway('The run is over.'));
  }

  private hear(fault: PassingFault | null): void {
    if (fault === null) {
      if (this.isAway) this.told.tell('The teacher\'s server answers again, and the run goes on.');
      this.isAway = false;
      return;
    }
    const { message, hint } = fault.problem;
    // One that is busy says so again and again.
    const isBusy = fault.pause !== null;
    if (this.isAway || (isBusy && this.isBusyTold)) return;
    this.isBusyTold ||= isBusy;
    this.isAway = true;
    this.told.tell(`${message} The run waits for it and loses nothing; when it is stopped meanwhile it is saved as it is. ${hint ?? ''}`.trim());
  }

  private look(): void {
    if (!this.told.isStopAsked()) return;
    this.waited += LOOK_EVERY;
    if (this.isAway || this.waited > GRACE) this.controller.abort(new TeacherAway('The run was stopped while it waited for its teacher\'s server.'));
  }
}
