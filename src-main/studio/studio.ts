import { API, type Answer, type CallName, type CallParams } from '../contract/api/api.ts';
import type { FeedMessage, LiveRun } from '../contract/api/feed.ts';
import type { Settings } from '../contract/api/settings.ts';
import { Problem, toReport } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { stopComparisons } from '../store/comparisons.ts';
import { stopInspections } from '../store/inspections.ts';
import { interruptWaiting } from '../store/runs.ts';
import { Consent, type AskPerson } from '../service/consent/consent.ts';
import { ConsentNeeded, Pending } from '../service/consent/pending.ts';
import type { KeyStore } from '../service/servers/key-store.ts';
import { makeHome, openHome, type Home } from '../service/home.ts';
import { emptyOld } from '../service/keeping/trash.ts';
import { sweepUploads } from '../service/keeping/uploads.ts';
import { acquireLock, type FolderLock } from '../run-folder/run-lock.ts';
import { describeProgram } from './about.ts';
import { chatCalls } from './calls/chat.ts';
import { comparisonCalls } from './calls/comparisons.ts';
import { consentCalls } from './calls/consent.ts';
import { correctionCalls } from './calls/corrections.ts';
import { dataCalls } from './calls/data.ts';
import { deviceCalls } from './calls/devices.ts';
import { draftCalls } from './calls/drafts.ts';
import { exportCalls } from './calls/exports.ts';
import { hubCalls } from './calls/hub.ts';
import { fileCalls } from './calls/files.ts';
import { inspectionCalls } from './calls/inspections.ts';
import { keepingCalls } from './calls/keeping.ts';
import { modelCalls } from './calls/models.ts';
import { recipeCalls } from './calls/recipes.ts';
import { runCalls } from './calls/runs.ts';
import { sampleCalls } from './calls/sample.ts';
import { serverCalls } from './calls/servers.ts';
import { Feed } from './feed.ts';
import { FollowedTrainings } from './followed-trainings.ts';
import type { Handlers } from './handlers.ts';
import { watchHistory } from './history-watch.ts';
import { Jobs } from './jobs.ts';
import { watchOthersRuns } from './others-runs.ts';
import { Preferences } from './preferences.ts';
import { RunQueue } from './run-queue.ts';
import { TriedDevices } from '../service/devices/tried-devices.ts';
import { Workers, type CreateWorker } from './workers.ts';

/** The one program behind every window and door. */
export interface Studio {
  /** Answers a call of the interface by its name. Never rejects. */
  call(name: string, params: unknown): Promise<Answer>;
  /** @returns ends the subscription */
  subscribe(listener: (message: FeedMessage) => void): () => void;
  /** Why nothing can be changed here, or null. */
  readonly readOnly: string | null;
  live(): readonly LiveRun[];
  /** Stops runs with their work saved, ends the workers, closes the history. */
  close(): Promise<void>;
  /** Ends at once: runs are cut off at their last checkpoint, and what has been told of them is in the history. */
  cutOff(): Promise<void>;
}

interface StudioOptions {
  home: string;
  createWorker: CreateWorker;
  /** Throws a Problem where the worker that settings choose cannot be had on this machine. */
  checkWorker?: (settings: Settings) => void;
  /** Asks the person by itself what a recipe may reach; left out, the question goes to the page. */
  askPerson?: AskPerson;
  /** Keeps tokens for hubs and keys for servers, where the door has the system's key store. */
  keyStore?: KeyStore;
}

/** Opens the data folder; where another program has it, this one only shows. */
export async function openStudio({ home: path, createWorker, checkWorker = () => undefined, askPerson, keyStore }: StudioOptions): Promise<Studio> {
  const { home, lock, readOnly } = await takeHome(path);
  const feed = new Feed();
  const preferences = await Preferences.read(home.database);
  const workers = new Workers(createWorker, () => preferences.get());
  const pending = askPerson ? null : new Pending();
  const consent = new Consent(home.database, askPerson ?? pending!.ask);
  const newWorker = (): WorkerHost<Commands> => createWorker('probe', preferences.get());
  const devices = new TriedDevices(newWorker);
  const queue = new RunQueue(home, workers, feed, consent, keyStore ?? null, devices);
  const jobs = new Jobs(feed);
  const trainings = new FollowedTrainings(home, feed);
  const parts = { home, workers, queue, trainings, jobs, feed, consent, pending, keyStore: keyStore ?? null, devices };
  const handlers: Handlers<CallName> = {
    'app.about': () => describeProgram(path, readOnly),
    ...deviceCalls({ ...parts, newWorker }),
    ...preferences.calls(home.database, feed, checkWorker, () => workers.renew()),
    ...runCalls(parts), ...sampleCalls(parts), ...recipeCalls(parts), ...draftCalls(parts), ...dataCalls(parts), ...modelCalls(parts),
    ...inspectionCalls(parts), ...correctionCalls(parts), ...comparisonCalls(parts), ...chatCalls(parts), ...exportCalls(parts), ...keepingCalls(parts), ...consentCalls(parts), ...hubCalls(parts), ...serverCalls(parts), ...fileCalls(parts), 'jobs.cancel': async ({ id }) => {
      jobs.cancel(id);
      return null;
    },
  };
  if (readOnly === null) await trainings.followKnown();
  const tellRuns = (): void => feed.publish({ topic: 'runs' });
  const stops = [watchHistory(home.database, tellRuns)];
  if (readOnly === null) stops.push(await watchOthersRuns(home.database, (runId) => queue.live().some((run) => run.runId === runId), tellRuns));
  const stopWatching = (): void => { for (const stop of stops) stop(); };

  return {
    readOnly,
    call: (name, params) => answer(handlers, readOnly, name, params),
    subscribe: (listener) => feed.subscribe(listener),
    live: () => queue.live(),
    close: async () => {
      stopWatching();
      jobs.cancelAll();
      await trainings.stopAll();
      await queue.stopAll();
      await workers.close();
      await home.close();
      await lock?.release();
    },
    cutOff: async () => {
      stopWatching();
      workers.kill();
      await home.close();
      await lock?.release();
    },
  };
}

async function takeHome(path: string): Promise<{ home: Home; lock: FolderLock | null; readOnly: string | null }> {
  await makeHome(path);
  try {
    const lock = await acquireLock(path, 'Data folder');
    const home = await openHome(path);
    await interruptWaiting(home.database);
    await stopInspections(home.database);
    await stopComparisons(home.database);
    await emptyOld(home);
    await sweepUploads(home);
    return { home, lock, readOnly: null };
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    return { home: await openHome(path, { readOnly: true }), lock: null, readOnly: error.message };
  }
}

async function answer(handlers: Handlers<CallName>, readOnly: string | null, name: string, params: unknown): Promise<Answer> {
  try {
    if (!Object.hasOwn(API, name)) throw new Problem(`There is no call "${name}".`, { kind: 'failure' });
    const known = name as CallName;
    const { params: schema, writes } = API[known];
    if (writes && readOnly !== null) throw new Problem(`${readOnly} This one only shows.`, { hint: 'Close the other program, then open this one again.' });
    const parsed = schema.safeParse(params);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Problem(`${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not what was expected'}.`);
    }
    // The schema has just made the parameters what the handler's type says.
    const handler = handlers[known] as (params: CallParams<CallName>) => Promise<unknown>;
    return { ok: true, result: await handler(parsed.data) };
  } catch (error) {
    return { ok: false, error: toReport(error), ...(error instanceof ConsentNeeded && { consent: error.reaches }) };
  }
}
