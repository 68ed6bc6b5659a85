import type { CallInput, CallResult } from '../../src-main/contract/api/api.ts';
import type { Job } from '../../src-main/contract/api/feed.ts';
import { fromReport, Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from '../bridge/bridge.ts';

/** An export in the history, and whether its folder is still there. */
export type KnownExport = CallResult<'exports.list'>[number];

/** An export that goes on: its job and the folder it makes. */
export interface GoingExport { jobId: string; to: string }

/** The exports there were, and those that are being made. */
export class ExportsState {
  exports = $state.raw<readonly KnownExport[]>([]);
  jobs = $state.raw<readonly Job[]>([]);
  isLoaded = $state(false);
  private readonly bridge: Bridge;
  private readonly fail: (error: unknown) => void;
  /** Who waits for the end of which job. */
  private readonly waiting = new Map<string, (job: Job | undefined) => void>();

  constructor(bridge: Bridge, fail: (error: unknown) => void) {
    this.bridge = bridge;
    this.fail = fail;
  }

  /** Loads everything and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'jobs') this.take(message.jobs);
      // A deleted run takes itself off its exports.
      else if (['exports', 'runs', 'resync'].includes(message.topic)) void this.load();
    });
  }

  named(id: number): KnownExport | undefined {
    return this.exports.find((known) => known.id === id);
  }

  /** A folder that is not there yet, for an export of this name. */
  async place(name: string): Promise<string> {
    return (await this.bridge.call('exports.place', { name })).path;
  }

  /** Begins an export. @returns null where something is in its place already */
  async start(params: CallInput<'exports.start'>): Promise<GoingExport | null> {
    const begun = await this.bridge.call('exports.start', params);
    return begun.taken ? null : begun;
  }

  /** Waits for the end of an export. @returns its record; null where it was cancelled. @throws Problem where it failed */
  async finished({ jobId, to }: GoingExport): Promise<KnownExport | null> {
    const ended = new Promise<Job | undefined>((resolve) => { this.waiting.set(jobId, resolve); });
    // It may have been over before anyone waited.
    await this.load();
    const job = await ended;
    if (!job) throw new Problem('The export was cut off: Retort has ended meanwhile.', { kind: 'failure', hint: 'Start it again.' });
    if (job.error) throw fromReport(job.error);
    if (job.state === 'cancelled') return null;
    await this.load();
    return this.exports.find(({ folder }) => folder === to) ?? null;
  }

  cancel(jobId: string): Promise<null> {
    return this.bridge.call('jobs.cancel', { id: jobId });
  }

  /** Takes an export off the list; its folder stays where it is. */
  async forget(id: number): Promise<void> {
    await this.bridge.call('exports.remove', { id });
    await this.load();
  }

  private async load(): Promise<void> {
    const waited = [...this.waiting.keys()];
    try {
      const [exports, { jobs }] = await Promise.all([this.bridge.call('exports.list', null), this.bridge.call('runs.live', null)]);
      this.exports = exports;
      this.take(jobs);
      // A program that was started again knows nothing of them.
      for (const id of waited) if (!jobs.some((job) => job.id === id)) this.settle(id, undefined);
    } catch (error) {
      this.fail(error);
    }
    this.isLoaded = true;
  }

  private take(jobs: readonly Job[]): void {
    this.jobs = jobs.filter(({ kind }) => kind === 'export');
    for (const job of this.jobs) if (job.state !== 'going') this.settle(job.id, job);
  }

  private settle(id: string, job: Job | undefined): void {
    this.waiting.get(id)?.(job);
    this.waiting.delete(id);
  }
}
