import type { CallInput, CallResult } from '../../src-main/contract/api/api.ts';
import { fromReport, Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { LiveState } from './live.svelte.ts';
import { Reload } from './reload.ts';

/** An export in the history, and whether its folder is still there. */
export type KnownExport = CallResult<'exports.list'>[number];

/** An export that goes on: its job and the folder it makes. */
export interface GoingExport { jobId: string; to: string }

/** The exports there were, and the way to new ones. */
export class ExportsState {
  exports = $state.raw<readonly KnownExport[]>([]);
  isLoaded = $state(false);
  private readonly bridge: Bridge;
  private readonly live: LiveState;
  private readonly fail: (error: unknown) => void;
  private readonly reload = new Reload(() => this.read());

  constructor(bridge: Bridge, live: LiveState, fail: (error: unknown) => void) {
    this.bridge = bridge;
    this.live = live;
    this.fail = fail;
  }

  /** Loads everything and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.reload.again();
    return this.bridge.subscribe(({ topic }) => {
      // A deleted run takes itself off its exports.
      if (topic === 'exports' || topic === 'runs' || topic === 'resync') void this.reload.again();
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
    const job = await this.live.ended(jobId);
    if (!job) throw new Problem('The export was cut off: Retort has ended meanwhile.', { kind: 'failure', hint: 'Start it again.' });
    if (job.error) throw fromReport(job.error);
    if (job.state === 'cancelled') return null;
    await this.reload.again();
    return this.exports.find(({ folder }) => folder === to) ?? null;
  }

  cancel(jobId: string): Promise<null> {
    return this.bridge.call('jobs.cancel', { id: jobId });
  }

  /** Takes an export off the list; its folder stays where it is. */
  async forget(id: number): Promise<void> {
    await this.bridge.call('exports.remove', { id });
    await this.reload.again();
  }

  private async read(): Promise<void> {
    try {
      this.exports = await this.bridge.call('exports.list', null);
    } catch (error) {
      this.fail(error);
    }
    this.isLoaded = true;
  }
}
