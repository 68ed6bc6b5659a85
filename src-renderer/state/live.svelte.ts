import type { LiveRun } from '../../src-main/contract/api/feed.ts';
import type { Bridge } from '../bridge/bridge.ts';

/** The runs that compute now or wait for their turn. */
export class LiveState {
  runs = $state.raw<readonly LiveRun[]>([]);
  private readonly bridge: Bridge;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  follow(): () => void {
    void this.load();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'live') this.runs = message.live;
      if (message.topic === 'resync') void this.load();
    });
  }

  async load(): Promise<void> {
    this.runs = await this.bridge.call('runs.live', null).then(({ live }) => live, () => this.runs);
  }

  named(runId: string): LiveRun | undefined {
    return this.runs.find((run) => run.runId === runId);
  }
}

/** Steps a second and milliseconds left, both from the steps of this session alone; null before there are any. */
export function pace({ from, step, totalSteps }: LiveRun, now: number): { stepsPerSecond: number; left: number | null } | null {
  if (!from || step <= from.step || now <= from.at) return null;
  const stepsPerSecond = (1000 * (step - from.step)) / (now - from.at);
  return { stepsPerSecond, left: totalSteps === null ? null : (1000 * (totalSteps - step)) / stepsPerSecond };
}
