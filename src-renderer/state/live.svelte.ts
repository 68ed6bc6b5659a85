import type { Job, LiveRun } from '../../src-main/contract/api/feed.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

/** What goes on in the program: the runs that compute now or wait for their turn, and what else takes a while. */
export class LiveState {
  runs = $state.raw<readonly LiveRun[]>([]);
  /** Those of the last minutes that are over included. */
  jobs = $state.raw<readonly Job[]>([]);
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());
  /** Whether runs and jobs were told since they were last asked for: that is as new as the answer, or newer. */
  private readonly told = { runs: false, jobs: false };
  /** Who waits for the end of which job. */
  private readonly waiting = new Map<string, (job: Job | undefined) => void>();

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  follow(): () => void {
    void this.reload.again();
    return this.bridge.subscribe((message) => {
      if (message.topic === 'live') {
        this.told.runs = true;
        this.runs = message.live;
      }
      if (message.topic === 'jobs') {
        this.told.jobs = true;
        this.take(message.jobs);
      }
      if (message.topic === 'resync') void this.reload.again();
    });
  }

  named(runId: string): LiveRun | undefined {
    return this.runs.find((run) => run.runId === runId);
  }

  /** The jobs of some kinds that go on. */
  going(...kinds: readonly Job['kind'][]): readonly Job[] {
    return this.jobs.filter(({ kind, state }) => state === 'going' && kinds.includes(kind));
  }

  /** Waits for the end of a job. @returns undefined where the program knows it no more: it was started again meanwhile */
  async ended(jobId: string): Promise<Job | undefined> {
    const ended = new Promise<Job | undefined>((resolve) => { this.waiting.set(jobId, resolve); });
    // It may have been over before anyone waited.
    await this.reload.again();
    return ended;
  }

  private async read(): Promise<void> {
    const waited = [...this.waiting.keys()];
    Object.assign(this.told, { runs: false, jobs: false });
    const answer = await this.bridge.call('runs.live', null).catch(() => null);
    if (!answer) return;
    if (!this.told.runs) this.runs = answer.live;
    if (!this.told.jobs) this.take(answer.jobs);
    // A program that was started again knows nothing of them.
    for (const id of waited) if (!this.jobs.some((job) => job.id === id)) this.settle(id, undefined);
  }

  private take(jobs: readonly Job[]): void {
    this.jobs = jobs;
    for (const job of jobs) if (job.state !== 'going') this.settle(job.id, job);
  }

  private settle(id: string, job: Job | undefined): void {
    this.waiting.get(id)?.(job);
    this.waiting.delete(id);
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
