import type { StoredLogEntry } from '../../src-main/contract/history.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

const PAGE = 1000;

/** What a run said, oldest first; only what is new is asked for. */
export class RunLog {
  entries = $state.raw<readonly StoredLogEntry[]>([]);
  private readonly bridge: Bridge;
  private readonly runId: string;
  private readonly onProblem: (error: unknown) => void;
  private readonly reload = new Reload(() => this.read());

  constructor(bridge: Bridge, runId: string, onProblem: (error: unknown) => void) {
    this.bridge = bridge;
    this.runId = runId;
    this.onProblem = onProblem;
  }

  follow(): () => void {
    void this.reload.again();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'resync' || (message.topic === 'log' && message.runId === this.runId)) void this.reload.again();
    });
  }

  private async read(): Promise<void> {
    try {
      const more = await this.bridge.call('runs.log', { runId: this.runId, after: this.entries.at(-1)?.id ?? 0, limit: PAGE });
      this.entries = [...this.entries, ...more];
      if (more.length === PAGE) void this.reload.again();
    } catch (error) {
      this.onProblem(error);
    }
  }
}
