import type { Draft } from '../../src-main/contract/api/api.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

/** The drafts of runs that were not started yet, newest first. */
export class DraftsState {
  /** All there are, those that nobody has touched too. */
  all = $state.raw<readonly Draft[]>([]);
  /** Those that somebody has worked on, the newest first. */
  readonly drafts = $derived(this.all.filter(({ touched }) => touched));
  isLoaded = $state(false);
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Loads the list and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe(({ topic }) => {
      if (topic === 'drafts' || topic === 'resync') void this.load();
    });
  }

  load(): Promise<void> {
    return this.reload.again();
  }

  private async read(): Promise<void> {
    const drafts = await this.bridge.call('drafts.list', null).catch(() => this.all);
    this.all = [...drafts].sort((a, b) => b.updated - a.updated);
    this.isLoaded = true;
  }

  async remove({ id }: Draft): Promise<void> {
    await this.bridge.call('drafts.remove', { id });
    await this.load();
  }

  /** Brings back what was just removed, under its old name. */
  async restore({ updated: _, ...draft }: Draft): Promise<void> {
    await this.bridge.call('drafts.save', draft);
    await this.load();
  }
}
