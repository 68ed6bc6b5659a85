import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent, StepMetrics } from '../contract/events.ts';
import type { RunRecord } from '../contract/history.ts';
import { toReport } from '../contract/problem.ts';
import type { Recorded } from '../store/history-recorder.ts';
import { findRun, listRuns } from '../store/runs.ts';
import { enterTraining, followTraining, type AdoptedTraining } from '../service/adopt/follow-training.ts';
import { signsOf } from '../service/adopt/signs-of-life.ts';
import { trainingFolder } from '../service/adopt/training-folder.ts';
import type { Home } from '../service/home.ts';
import type { Feed } from './feed.ts';
import { tellWritten } from './tell-written.ts';

/** Milliseconds between two looks at a training that has stopped or died, whether it goes on. */
const LOOK_EVERY = 1000;
/** Milliseconds by which two machines' clocks may differ. */
const CLOCKS = 60_000;

interface Followed { stopping: AbortController; over: Promise<void>; /** Whether it has come to an end, or to none, and is waited for. */ isAtRest: boolean }

/**
 * The trainings elsewhere that this program follows: each costs a look at a file now and then. One that stops, fails or dies is
 * looked at on, because it goes on in its own folder, by the command that began it.
 */
export class FollowedTrainings {
  readonly #home: Home;
  readonly #feed: Feed;
  readonly #following = new Map<string, Followed>();

  constructor(home: Home, feed: Feed) {
    this.#home = home;
    this.#feed = feed;
  }

  /** Takes a run folder of a training elsewhere into the history and follows it from then on. @returns the run's id */
  async follow(runDir: string): Promise<string> {
    const training = await enterTraining(this.#home, runDir);
    const { id } = training.run;
    // One that is only waited for is read anew: the person has asked.
    if (this.#following.get(id)?.isAtRest) await this.leave(id);
    this.#take(training, null);
    this.#feed.publish({ topic: 'runs' });
    return id;
  }

  /** Goes on with those that were not done when the program was last closed. */
  async followKnown(): Promise<void> {
    for (const run of await listRuns(this.#home.database)) {
      if (run.engine === null || run.status === 'done' || trainingFolder(run.runDir) !== run.runDir) continue;
      // Looked at before the program is open: what is told from then on is seen as a change.
      const seen = await asRead(run);
      const training = await enterTraining(this.#home, run.runDir).catch(() => null);
      if (training) this.#take(training, seen);
    }
  }

  /** Follows a run no longer. */
  async leave(runId: string): Promise<void> {
    const followed = this.#following.get(runId);
    followed?.stopping.abort();
    await followed?.over;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#following.keys()].map((id) => this.leave(id)));
  }

  /** @param seen  how it looks where all of it has been read; null to read it in any case */
  #take(training: AdoptedTraining, seen: string | null): void {
    const { id } = training.run;
    if (this.#following.has(id)) return;
    const followed: Followed = { stopping: new AbortController(), over: Promise.resolve(), isAtRest: false };
    this.#following.set(id, followed);
    followed.over = this.#stay(training, seen, followed).finally(() => this.#following.delete(id));
  }

  async #stay({ run: { runDir }, ...training }: AdoptedTraining, seen: string | null, followed: Followed): Promise<void> {
    const { signal } = followed.stopping;
    while (!signal.aborted) {
      followed.isAtRest = seen !== null;
      if (seen === null) {
        const { isDone, bytes } = await this.#follow({ ...training, run: await findRun(this.#home.database, training.telling.runId) }, signal);
        if (isDone) return;
        const looks = await signsOf(runDir);
        // It may have gone on since its last word was read, and be silent for long.
        seen = bytes === null || looks[1]?.size === bytes ? textOf(looks) : null;
      } else {
        await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
        if (textOf(await signsOf(runDir)) !== seen) seen = null;
      }
    }
  }

  /** @returns whether it is done, and the bytes of its events up to its end; null where it came to none */
  async #follow(training: AdoptedTraining, signal: AbortSignal): Promise<{ isDone: boolean; bytes: number | null }> {
    const { id: runId, name } = training.run;
    let bytes: number | null = null;
    let untold: StepMetrics[] = [];
    let last: RunEvent | null = null as RunEvent | null;
    try {
      ({ bytes } = await followTraining(this.#home, training, {
        waits: true, signal,
        onEvent: (event) => {
          if (event.event === 'step') untold.push(event);
          if (event.event === 'evaluation') {
            const { event: topic, samples: _, ...evaluation } = event;
            this.#feed.publish({ topic, runId, evaluation });
          }
          last = event;
        },
        onWritten: (events: readonly Recorded[]) => {
          if (untold.length > 0) this.#feed.publish({ topic: 'steps', runId, steps: untold });
          untold = [];
          tellWritten(this.#feed, runId, events);
        },
      }));
      const how = endOf(last);
      if (how) this.#feed.publish({ topic: 'ended', runId, name, how, error: last?.event === 'failed' ? last.error : null });
    } catch (error) {
      if (!signal.aborted) this.#feed.publish({ topic: 'ended', runId, name, how: 'interrupted', error: toReport(error) });
    }
    this.#feed.publish({ topic: 'runs' });
    return { isDone: last?.event === 'done', bytes };
  }
}

const endOf = (event: RunEvent | null): 'done' | 'stopped' | 'failed' | null =>
  (event?.event === 'done' || event?.event === 'stopped' || event?.event === 'failed' ? event.event : null);

/** What a training's change shows in. */
const textOf = (signs: Awaited<ReturnType<typeof signsOf>>): string => signs.map((found) => (found ? `${found.size} ${found.mtimeMs}` : 'none')).join();

/** How a known training looks; null where it has told something since it was last read. */
async function asRead({ runDir, updated }: RunRecord): Promise<string | null> {
  const looks = await signsOf(runDir);
  const changed = Math.max(0, ...looks.map((found) => found?.mtimeMs ?? 0));
  return changed <= updated + CLOCKS ? textOf(looks) : null;
}
