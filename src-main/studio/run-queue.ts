import { existsSync } from 'node:fs';
import type { FeedMessage, LiveRun } from '../contract/api/feed.ts';
import type { RunEvent, StepMetrics } from '../contract/events.ts';
import type { Device } from '../contract/divergence.ts';
import { Problem, toReport, type ProblemReport } from '../contract/problem.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { refuseDamaged } from '../store/damage.ts';
import type { Recorded } from '../store/history-recorder.ts';
import { createRun, findRun, setStatus } from '../store/runs.ts';
import { problemOf } from '../checks/look.ts';
import type { Consent } from '../service/consent/consent.ts';
import type { Home } from '../service/home.ts';
import type { KeyStore } from '../service/servers/key-store.ts';
import { newRunId } from '../service/ids.ts';
import type { TriedDevices } from '../service/devices/tried-devices.ts';
import { settleRecipe } from '../service/recipe/own-recipe.ts';
import { runPaths } from '../run-folder/run-folder.ts';
import { followRun, refuseElsewhere, type ResumeOptions } from '../service/runs.ts';
import { keyFor } from '../service/servers/server-key.ts';
import { followTime } from '../service/run/run-time.ts';
import { tellWritten } from './tell-written.ts';
import type { Feed } from './feed.ts';
import type { Workers } from './workers.ts';

/** Milliseconds between two messages about the steps of a run: what an eye can follow. */
const TELL_EVERY = 100;

/** How a run ended, in the words of the feed. */
type End = Pick<Extract<FeedMessage, { topic: 'ended' }>, 'how' | 'error'>;

/** @param host  the worker that has been asked for it */
interface Entry { live: LiveRun; recipe: Recipe; runDir: string; isResumed: boolean; allowed: readonly string[]; allowChanged?: boolean; device?: Device | undefined; host?: WorkerHost<Commands> }

/**
 * The runs of this program, computed one after the other. A run leaves the queue once its end is in the history, where
 * everybody sees it; what its worker still puts away then keeps the next one waiting, and nobody else from asking.
 */
export class RunQueue {
  readonly #home: Home;
  readonly #workers: Workers;
  readonly #feed: Feed;
  readonly #consent: Consent;
  readonly #keyStore: KeyStore | null;
  readonly #devices: TriedDevices;
  /** The first computes, the others wait. */
  #entries: Entry[] = [];
  /** What the worker is at, until it has put everything away. */
  #going: { runId: string; over: Promise<void> } | null = null;
  /** Runs that are on their way back into the queue. */
  readonly #resuming = new Set<string>();
  #untold: StepMetrics[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param keyStore  where a key for a recipe's server may be kept; null where the door has none */
  constructor(home: Home, workers: Workers, feed: Feed, consent: Consent, keyStore: KeyStore | null, devices: TriedDevices) {
    this.#consent = consent;
    this.#keyStore = keyStore;
    this.#devices = devices;
    this.#home = home;
    this.#workers = workers;
    this.#feed = feed;
  }

  live(): LiveRun[] {
    return this.#entries.map(({ live }) => ({ ...live }));
  }

  /** Checks a recipe and queues it. @throws Problem where a run of it could not begin. */
  async start(recipe: Recipe): Promise<string> {
    const allowed = await this.#consent.settle(recipe);
    const runId = newRunId();
    const runDir = this.#home.runDir(runId);
    await this.#devices.require(recipe);
    const found = await this.#workers.ask('check', { recipe, runDir, isStart: true, allowed, ...await keyFor(recipe, this.#keyStore) });
    const problem = found.find(({ level }) => level === 'problem');
    if (problem) throw problemOf(problem);
    await createRun(this.#home.database, { id: runId, name: recipe.name, recipe, runDir, status: 'waiting' });
    this.#queue({ runId, name: recipe.name }, { recipe, runDir, isResumed: false, allowed });
    return runId;
  }

  /** As `ResumeOptions` say. */
  async resume(runId: string, options: Pick<ResumeOptions, 'allowChanged' | 'device'> = {}): Promise<void> {
    if (this.#find(runId) || this.#resuming.has(runId)) throw new Problem('This run is going already.');
    this.#resuming.add(runId);
    try {
      await this.#takeUp(runId, options);
    } finally {
      this.#resuming.delete(runId);
    }
  }

  async #takeUp(runId: string, { allowChanged = false, device }: Pick<ResumeOptions, 'allowChanged' | 'device'>): Promise<void> {
    await this.atRest();
    const known = await findRun(this.#home.database, runId);
    refuseElsewhere(known);
    const { name, runDir, status } = known;
    if (status === 'done') throw new Problem('This run is done.', { hint: 'Duplicate it to train on with changes.' });
    if (status === 'running') throw new Problem('Another program is computing this run.', { hint: 'Wait until it ends.' });
    await refuseDamaged(this.#home.database, { everything: true });
    const { run: { recipe } } = await settleRecipe(this.#home, known);
    await this.#devices.require(device === undefined ? recipe : { student: { ...recipe.student, device } });
    const allowed = await this.#consent.settle(recipe);
    await setStatus(this.#home.database, runId, 'waiting');
    // One that never got to its start has nothing to go on from.
    this.#queue({ runId, name }, { recipe, runDir, isResumed: existsSync(runPaths(runDir).recipe), allowed, allowChanged, device });
  }

  /** @param how  `abandon` gives up what was learned since the last checkpoint */
  async stop(runId: string, how: 'save' | 'abandon'): Promise<void> {
    const entry = this.#find(runId);
    if (!entry) throw new Problem('This run is not going in this program.');
    if (entry.live.state === 'waiting') {
      this.#entries = this.#entries.filter((other) => other !== entry);
      await setStatus(this.#home.database, runId, 'stopped');
      this.#feed.publish({ topic: 'runs' });
    } else {
      entry.live.state = 'stopping';
      await entry.host?.request('stop', { runId, save: how === 'save' });
    }
    this.#tellLive();
  }

  /** Takes everything out of the queue and stops what computes, its work saved. Settles when it has. */
  async stopAll(): Promise<void> {
    for (const { live } of this.#entries.toReversed()) await this.stop(live.runId, 'save').catch(() => undefined);
    await this.#going?.over;
  }

  /** Settles when nothing of a run that has come to its end is open any more. */
  async atRest(): Promise<void> {
    const going = this.#going;
    if (going && !this.#find(going.runId)) await going.over;
  }

  #find(runId: string): Entry | undefined {
    return this.#entries.find(({ live }) => live.runId === runId);
  }

  #queue(run: Pick<LiveRun, 'runId' | 'name'>, work: Omit<Entry, 'live'>): void {
    this.#entries.push({ ...work, live: { ...run, state: 'waiting', phase: null, step: 0, totalSteps: null, from: null, aside: { ms: 0, since: null }, evaluations: { ms: null, left: 0 } } });
    this.#feed.publish({ topic: 'runs' });
    this.#tellLive();
    this.#next();
  }

  #next(): void {
    const [entry] = this.#entries;
    if (!entry || this.#going) return;
    const over = this.#compute(entry).finally(() => {
      this.#going = null;
      this.#next();
    });
    this.#going = { runId: entry.live.runId, over };
  }

  async #compute(entry: Entry): Promise<void> {
    const { live, recipe, runDir, isResumed, allowed, allowChanged = false, device } = entry;
    const { runId } = live;
    try {
      const key = await keyFor(recipe, this.#keyStore);
      // It may have been taken out of the queue meanwhile.
      if (!this.#entries.includes(entry)) return;
      live.state = 'starting';
      this.#tellLive();
      entry.host = this.#workers.get('compute');
      const { status: how } = await followRun(this.#home, entry.host, { recipe, runDir, runId, isResumed, allowed, allowChanged, ...(device !== undefined && { device }), ...key }, {
        onEvent: (event) => this.#follow(live, event, recipe),
        onReading: (rows) => {
          live.phase = { name: 'read', done: rows, total: 0 };
          this.#tellLive();
        },
        onWritten: (events) => {
          tellWritten(this.#feed, runId, events);
          const end = events.map(endIn).findLast((found) => found !== null);
          if (end) this.#leave(entry, end);
        },
      });
      this.#leave(entry, { how, error: null });
    } catch (caught) {
      const error = toReport(caught);
      this.#leave(entry, { how: await this.#endOf(runId, error).catch(() => 'failed' as const), error });
    }
  }

  /** How a run ended whose request failed. */
  async #endOf(runId: string, error: ProblemReport): Promise<'interrupted' | 'failed'> {
    const { status } = await findRun(this.#home.database, runId);
    // Refused before its first word, so nothing has been written of it.
    if (status === 'waiting') await setStatus(this.#home.database, runId, 'failed', error);
    return status === 'interrupted' ? status : 'failed';
  }

  /** Takes a run out of the list and tells its end, in one: whoever hears of the one knows of the other. */
  #leave(entry: Entry, end: End): void {
    if (!this.#entries.includes(entry)) return;
    const { runId, name } = entry.live;
    this.#entries = this.#entries.filter((other) => other !== entry);
    // Its last steps, and that it is no longer among the live.
    this.#tellSteps(runId);
    this.#feed.publish({ topic: 'runs' });
    this.#feed.publish({ topic: 'ended', runId, name, ...end });
  }

  #follow(live: LiveRun, event: RunEvent, recipe: Recipe): void {
    followTime(live, event, recipe, Date.now());
    switch (event.event) {
      case 'started':
        if (live.state === 'starting') live.state = 'running';
        live.phase = null;
        Object.assign(live, { step: event.fromStep, totalSteps: event.steps });
        break;
      case 'phase':
        live.phase = { name: event.phase, done: event.done, total: event.total };
        break;
      case 'step':
        live.phase = null;
        live.step = event.step;
        live.from ??= { step: event.step - 1, at: Date.now() - event.stepMs };
        this.#untold.push(event);
        break;
      case 'evaluation': {
        const { event: topic, samples: _, ...evaluation } = event;
        this.#feed.publish({ topic, runId: live.runId, evaluation });
        break;
      }
      case 'stage': case 'forecast': case 'pace': case 'outcome': case 'rollouts': case 'restored': case 'checkpoint': case 'warning': case 'stopped': case 'done': case 'failed':
    }
    this.#timer ??= setTimeout(() => this.#tellSteps(live.runId), TELL_EVERY);
  }

  #tellSteps(runId: string): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const steps = this.#untold.splice(0);
    if (steps.length > 0) this.#feed.publish({ topic: 'steps', runId, steps });
    this.#tellLive();
  }

  #tellLive(): void {
    this.#feed.publish({ topic: 'live', live: this.live() });
  }
}

function endIn(event: Recorded): End | null {
  switch (event.event) {
    case 'done': case 'stopped': return { how: event.event, error: null };
    case 'failed': case 'interrupted': return { how: event.event, error: event.error };
    default: return null;
  }
}
