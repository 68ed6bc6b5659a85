import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { CorrectionSet } from '../../src-main/contract/correction.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { Inspection } from '../../src-main/contract/inspection.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

/** Milliseconds between two looks at inspections that grow. */
const EVERY = 400;
/** Held-out prompts that are looked at when a run's mistakes are asked for. */
const EXAMPLES = 200;

/** The inspections, and the corrections kept from them. */
export class InspectionsState {
  inspections = $state.raw<readonly Inspection[]>([]);
  sets = $state.raw<readonly CorrectionSet[]>([]);
  isLoaded = $state(false);
  /** Counts what has become new: lists ask again. */
  version = $state(0);
  private readonly bridge: Bridge;
  private readonly fail: (error: unknown) => void;
  private readonly reload = new Reload(() => this.read());
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, fail: (error: unknown) => void) {
    this.bridge = bridge;
    this.fail = fail;
  }

  /** Loads everything and keeps it current until the returned function is called. */
  follow(): () => void {
    void this.reload.again();
    const end = this.bridge.subscribe((message) => {
      if (['inspections', 'corrections', 'runs', 'resync'].includes(message.topic)) this.timer ??= setTimeout(() => void this.reload.again(), EVERY);
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
    await this.reload.again();
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
    await this.reload.again();
    return id;
  }

  private async read(): Promise<void> {
    this.timer = undefined;
    try {
      [this.inspections, this.sets] = await Promise.all([this.bridge.call('inspections.list', null), this.bridge.call('corrections.sets', null)]);
      this.version++;
    } catch (error) {
      this.fail(error);
    }
    this.isLoaded = true;
  }
}
