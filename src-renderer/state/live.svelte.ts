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

/**
 * Steps a second and milliseconds left, evaluations counted, both from this session alone; null before there are any steps.
 */
export function pace({ from, step, totalSteps, aside, evaluations, phase }: LiveRun, now: number): { stepsPerSecond: number; left: number | null } | null {
  if (!from || step <= from.step || now <= from.at) return null;
  const here = aside.since === null ? 0 : now - Math.max(aside.since, from.at);
  const stepsPerSecond = (1000 * (step - from.step)) / Math.max(1, now - from.at - aside.ms - here);
  if (totalSteps === null) return { stepsPerSecond, left: null };
  const each = evaluations.ms ?? 0;
  const begun = phase?.name === 'evaluate' ? Math.min(each, here) : 0;
  return { stepsPerSecond, left: (1000 * (totalSteps - step)) / stepsPerSecond + evaluations.left * each - begun };
}
