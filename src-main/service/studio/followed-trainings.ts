import type { RunEvent, StepMetrics } from '../../contract/events.ts';
import { toReport } from '../../contract/problem.ts';
import type { Recorded } from '../../store/history-recorder.ts';
import { enterTraining, followTraining, type AdoptedTraining } from '../adopt/follow-training.ts';
import type { Home } from '../home.ts';
import type { Feed } from './feed.ts';
import { tellWritten } from './tell-written.ts';

/** The trainings elsewhere that this program follows: each costs a look at a file now and then. */
export class FollowedTrainings {
  readonly #home: Home;
  readonly #feed: Feed;
  readonly #following = new Map<string, { stopping: AbortController; over: Promise<void> }>();

  constructor(home: Home, feed: Feed) {
    this.#home = home;
    this.#feed = feed;
  }

  /** Takes a run folder of a training elsewhere into the history and follows it from then on. @returns the run's id */
  async follow(runDir: string): Promise<string> {
    const training = await enterTraining(this.#home, runDir);
    const { id } = training.run;
    if (!this.#following.has(id)) {
      const stopping = new AbortController();
      this.#following.set(id, { stopping, over: this.#follow(training, stopping.signal).finally(() => this.#following.delete(id)) });
    }
    this.#feed.publish({ topic: 'runs' });
    return id;
  }

  async stopAll(): Promise<void> {
    const all = [...this.#following.values()];
    for (const { stopping } of all) stopping.abort();
    await Promise.all(all.map(({ over }) => over));
  }

  async #follow(training: AdoptedTraining, signal: AbortSignal): Promise<void> {
    const { id: runId, name } = training.run;
    let untold: StepMetrics[] = [];
    let last: RunEvent | null = null;
    try {
      await followTraining(this.#home, training, {
        waits: true, signal,
        onEvent: (event) => {
          if (event.event === 'step') untold.push(event);
          last = event;
        },
        onWritten: (events: readonly Recorded[]) => {
          if (untold.length > 0) this.#feed.publish({ topic: 'steps', runId, steps: untold });
          untold = [];
          tellWritten(this.#feed, runId, events);
        },
      });
      const how = endOf(last);
      if (how) this.#feed.publish({ topic: 'ended', runId, name, how, error: null });
    } catch (error) {
      if (!signal.aborted) this.#feed.publish({ topic: 'ended', runId, name, how: 'interrupted', error: toReport(error) });
    }
    this.#feed.publish({ topic: 'runs' });
  }
}

const endOf = (event: RunEvent | null): 'done' | 'stopped' | 'failed' | null =>
  (event?.event === 'done' || event?.event === 'stopped' || event?.event === 'failed' ? event.event : null);
