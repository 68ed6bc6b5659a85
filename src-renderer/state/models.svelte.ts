import type { KnownModel, PairCheck } from '../../src-main/contract/api/api.ts';
import type { Use } from '../../src-main/contract/api/keeping-calls.ts';
import type { Job } from '../../src-main/contract/api/feed.ts';
import type { WeightPrecision } from '../../src-main/contract/model-description.ts';
import { asProblem, type Problem } from '../../src-main/contract/problem.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

/** The models the program knows. */
export class ModelsState {
  models = $state.raw<readonly KnownModel[]>([]);
  isLoaded = $state(false);
  /** A folder or GGUF file that the person has dropped on the window or opened with Retort: the Models screen asks about it. */
  offered = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Loads the list and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.load();
    return this.bridge.subscribe(({ topic }) => {
      if (topic === 'models' || topic === 'runs' || topic === 'ended' || topic === 'resync') void this.load();
    });
  }

  load(): Promise<void> {
    return this.reload.again();
  }

  private async read(): Promise<void> {
    try {
      this.models = await this.bridge.call('models.list', null);
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
    this.isLoaded = true;
  }

  named(path: string | undefined): KnownModel | undefined {
    return this.models.find((model) => model.path === path);
  }

  /** What a model is called: the name a person gave it, that of its run and step, or else its folder's. */
  nameOf(path: string): string {
    return this.named(path)?.name ?? folderName(path);
  }

  /** The models that lie by themselves, and those that runs have trained. */
  get own(): KnownModel[] {
    return this.models.filter(({ checkpoint }) => !checkpoint);
  }

  get trained(): KnownModel[] {
    return this.models.filter(({ checkpoint }) => checkpoint);
  }

  /** The models that can be chosen: those whose folders are whole. */
  get usable(): KnownModel[] {
    return this.models.filter(({ description }) => description !== null);
  }

  /** Adds a model where it lies, or makes a folder of a GGUF file in a precision. Long work shows among the jobs while this waits. */
  async bring(path: string, name: string, precision: WeightPrecision | null): Promise<KnownModel> {
    const model = precision !== null
      ? await this.bridge.call('models.import', { path, name, precision })
      : await this.bridge.call('models.add', { path, name });
    await this.load();
    return model;
  }

  /** @param width  of its hidden states; null for the teacher's */
  async makeStudent(teacher: string, name: string, layers: number[], width: number | null): Promise<KnownModel> {
    const model = await this.bridge.call('models.makeStudent', { teacher, name, layers, width });
    await this.load();
    return model;
  }

  async rename(path: string, name: string): Promise<void> {
    await this.bridge.call('models.rename', { path, name });
    await this.load();
  }

  /** @returns the entry of the trash that brings it back */
  async remove(path: string, withFiles: boolean): Promise<string> {
    const { trash } = await this.bridge.call('models.remove', { path, withFiles });
    await this.load();
    return trash;
  }

  async restore(trash: string): Promise<void> {
    await this.bridge.call('keeping.restore', { ids: [trash] });
    await this.load();
  }

  /** What stands on the files of a model. */
  use(path: string): Promise<Use> {
    return this.bridge.call('keeping.use', { path });
  }

  cancel(job: Job): Promise<null> {
    return this.bridge.call('jobs.cancel', { id: job.id });
  }

  pair(teacher: string, student: string): Promise<PairCheck> {
    return this.bridge.call('models.pair', { teacher, student });
  }
}

/** The last part of a path; of a checkpoint's `model/`, which says nothing, also that before it. */
function folderName(path: string): string {
  const parts = path.replace(/[\\/]+$/, '').split(/[\\/]/);
  return parts.at(-1) === 'model' && /^step-\d+$/.test(parts.at(-2) ?? '') ? parts.at(-2)! : parts.at(-1) ?? path;
}
