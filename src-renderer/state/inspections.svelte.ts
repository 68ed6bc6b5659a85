import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { Job } from '../../src-main/contract/api/feed.ts';
import type { CorrectionSet } from '../../src-main/contract/correction.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { Inspection } from '../../src-main/contract/inspection.ts';
import type { Bridge } from '../bridge/bridge.ts';

/** Milliseconds between two looks at inspections that grow. */
const EVERY = 400;
/** Held-out prompts that are looked at when a run's mistakes are asked for. */
const EXAMPLES = 200;

/** The inspections, the work on them, and the corrections kept from them. */
export class InspectionsState {
  inspections = $state.raw<readonly Inspection[]>([]);
  sets = $state.raw<readonly CorrectionSet[]>([]);
  jobs = $state.raw<readonly Job[]>([]);
  isLoaded = $state(false);
  /** Counts what has become new: lists ask again. */
  version = $state(0);
  private readonly bridge: Bridge;
  private readonly fail: (error: unknown) => void;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, fail: (error: unknown) => void) {
    this.bridge = bridge;
    this.fail = fail;
  }

  /** Loads everything and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.load();
    const end = this.bridge.subscribe((message) => {
      if (message.topic === 'jobs') this.jobs = message.jobs.filter(({ kind }) => kind === 'inspect');
      else if (['inspections', 'corrections', 'runs', 'resync'].includes(message.topic)) this.timer ??= setTimeout(() => void this.load(), EVERY);
    });
    return () => {
      end();
      clearTimeout(this.timer);
    };
  }

  named(id: string): Inspection | undefined {
    return this.inspections.find((inspection) => inspection.id === id);
  }

  /** The inspection of a run's student as it is now: the one there is, or one that begins. @returns its id */
  async ofRun({ id, recipe, checkpoint }: RunRecord): Promise<string> {
    await this.load();
    const known = this.inspections.find(({ run, step, state, settings }) => (
      run === id && step === (checkpoint?.step ?? 0) && settings.source.kind !== 'data' && (state === 'done' || state === 'going')));
    if (known) return known.id;
    const isHeldOut = recipe.data.validation !== undefined || recipe.data.validationShare !== undefined;
    return this.start({
      subject: { kind: 'run', runId: id }, source: { kind: isHeldOut ? 'validation' : 'rollouts' }, examples: EXAMPLES,
      ...(recipe.method.beta !== undefined && { beta: recipe.method.beta }),
    });
  }

  /** @returns the new inspection's id */
  async start(params: CallInput<'inspections.start'>): Promise<string> {
    const { id } = await this.bridge.call('inspections.start', params);
    await this.load();
    return id;
  }

  private async load(): Promise<void> {
    this.timer = undefined;
    try {
      const [inspections, sets, { jobs }] = await Promise.all([
        this.bridge.call('inspections.list', null), this.bridge.call('corrections.sets', null), this.bridge.call('runs.live', null)]);
      Object.assign(this, { inspections, sets, jobs: jobs.filter(({ kind }) => kind === 'inspect') });
      this.version++;
    } catch (error) {
      this.fail(error);
    }
    this.isLoaded = true;
  }
}
