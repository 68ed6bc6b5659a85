import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { Device } from '../../src-main/contract/divergence.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { asProblem, type Problem } from '../../src-main/contract/problem.ts';
import { Reload } from './reload.ts';

type SampleMethod = CallInput<'sample.start'>['methods'][number];

/** The history. */
export class RunsState {
  runs = $state.raw<readonly RunRecord[]>([]);
  isLoaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Loads the history and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe(({ topic }) => {
      if (topic === 'runs' || topic === 'resync') void this.load();
    });
  }

  load(): Promise<void> {
    return this.reload.again();
  }

  named(id: string): RunRecord | undefined {
    return this.runs.find((run) => run.id === id);
  }

  rename(runId: string, name: string): Promise<null> {
    return this.bridge.call('runs.rename', { runId, name });
  }

  setTags(runId: string, tags: string[]): Promise<null> {
    return this.bridge.call('runs.setTags', { runId, tags });
  }

  delete(runIds: string[], withFiles: boolean): Promise<null> {
    return this.bridge.call('runs.delete', { runIds, withFiles });
  }

  /** @param allowChanged  although files that the run reads have changed since it began. @param device  where it goes on; where it was if left out */
  resume(runId: string, allowChanged = false, device?: Device): Promise<null> {
    return this.bridge.call('runs.resume', { runId, allowChanged, ...(device !== undefined && { device }) });
  }

  /** Takes in the run of a folder. @returns its id */
  async adopt(folder: string): Promise<string> {
    return (await this.bridge.call('runs.adopt', { folder })).runId;
  }

  stop(runId: string, how: 'save' | 'abandon'): Promise<null> {
    return this.bridge.call('runs.stop', { runId, how });
  }

  async startSample(methods: SampleMethod[]): Promise<string[]> {
    return (await this.bridge.call('sample.start', { methods })).runIds;
  }

  /** A draft that starts as a run's own recipe. @returns its id */
  async duplicate({ name, recipe }: RunRecord): Promise<string> {
    const changed = { ...recipe, name: `${name}, changed`.slice(0, 200) };
    return (await this.bridge.call('drafts.save', { id: null, title: changed.name, page: 'review', recipe: changed })).id;
  }

  private async read(): Promise<void> {
    try {
      this.runs = await this.bridge.call('runs.list', null);
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
    this.isLoaded = true;
  }
}
