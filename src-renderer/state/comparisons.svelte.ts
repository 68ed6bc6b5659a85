import type { CallInput } from '../../src-main/contract/api/api.ts';
import type { Comparison } from '../../src-main/contract/comparison.ts';
import type { RunRecord } from '../../src-main/contract/history.ts';
import type { Inspection } from '../../src-main/contract/inspection.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Reload } from './reload.ts';

/** Milliseconds between two looks at comparisons that grow. */
const EVERY = 400;

/** The comparisons, and the answers that are being written to typed prompts. */
export class ComparisonsState {
  comparisons = $state.raw<readonly Comparison[]>([]);
  isLoaded = $state(false);
  /** Counts what has become new: rows are asked for again. */
  version = $state(0);
  private growing = $state.raw<ReadonlyMap<string, string>>(new Map());
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
      if (message.topic === 'answer') this.growing = new Map([...this.growing, [keyOf(message), message.text]]);
      else if (['comparisons', 'runs', 'resync'].includes(message.topic)) this.timer ??= setTimeout(() => void this.reload.again(), EVERY);
    });
    return () => {
      end();
      clearTimeout(this.timer);
    };
  }

  named(id: string): Comparison | undefined {
    return this.comparisons.find((comparison) => comparison.id === id);
  }

  /** What a model has written so far to a prompt; undefined where it has not begun. */
  growingText(answer: { id: string; example: number; model: number }): string | undefined {
    return this.growing.get(keyOf(answer));
  }

  /** The comparison of a run's teacher with its student before and as it is now: the one there is, or one that begins. @returns its id */
  async ofRun({ id, recipe, checkpoint }: Pick<RunRecord, 'id' | 'recipe' | 'checkpoint'>): Promise<string> {
    await this.reload.again();
    const isHeldOut = recipe.data.validation !== undefined || recipe.data.validationShare !== undefined;
    const last = `step ${checkpoint?.step}`;
    const known = this.comparisons.find(({ run, state, settings, models }) => (
      run === id && settings.source.kind === (isHeldOut ? 'validation' : 'prompts') && models.at(-1)!.label === last && (state === 'done' || state === 'going')));
    return known?.id ?? this.start({ runId: id, source: isHeldOut ? { kind: 'validation' } : { kind: 'prompts', chat: true } });
  }

  /** A comparison of the models that an inspection is about, on the same prompts. @returns its id */
  async ofInspection({ run, step, teacher, student, settings: { source, examples, maxNewTokens, decode, seed } }: Inspection): Promise<string> {
    return this.start({
      models: run === null
        ? [{ kind: 'model', path: teacher }, { kind: 'model', path: student }]
        : [{ kind: 'teacher', runId: run }, ...(step === 0 ? [] : [{ kind: 'student', runId: run, step: 0 } as const]), { kind: 'student', runId: run, ...(step !== null && { step }) }],
      teacher, examples: Math.min(examples, 1000), maxNewTokens, decode, seed,
      // What was written in training has prompts of the training data, which every model may have seen.
      source: source.kind === 'rollouts' ? { kind: 'prompts', chat: true } : source,
    });
  }

  /** @returns the new comparison's id */
  async start(params: CallInput<'comparisons.start'>): Promise<string> {
    const { id } = await this.bridge.call('comparisons.start', params);
    await this.reload.again();
    return id;
  }

  async ask(id: string, prompt: string): Promise<void> {
    await this.bridge.call('comparisons.ask', { id, prompt });
    await this.reload.again();
  }

  private async read(): Promise<void> {
    this.timer = undefined;
    try {
      this.comparisons = await this.bridge.call('comparisons.list', null);
      this.version++;
    } catch (error) {
      this.fail(error);
    }
    this.isLoaded = true;
  }
}

const keyOf = ({ id, example, model }: { id: string; example: number; model: number }): string => `${id} ${example} ${model}`;
