import type { StepMetrics } from '../../src-main/contract/events.ts';
import { SERIES_FIELDS, type Series, type SeriesField, type StoredEvaluation } from '../../src-main/contract/history.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { asProblem, type Problem } from '../../src-main/contract/problem.ts';
import { Reload } from './reload.ts';
import { EMPTY_SERIES, withSteps } from './series.ts';

/** Points of a whole run. A screen has no more pixels than that in a chart. */
const BUCKETS = 1000;

/** Milliseconds between drawings of new steps: often enough to look alive, and little of the processor that the run computes on. */
const DRAW_MS = 250;

/** The measurements of one run, thinned: the whole run or a stretch of it, and the steps it makes now. */
export class RunSeries {
  series = $state.raw<Series>(EMPTY_SERIES);
  evaluations = $state.raw<readonly StoredEvaluation[]>([]);
  /** The stretch of steps shown; null is the whole run. */
  range = $state.raw<{ from: number; to: number } | null>(null);
  /** Of the run, whatever stretch is shown. */
  measured = $state.raw<ReadonlySet<SeriesField>>(new Set());
  isLoaded = $state(false);
  /** Why what is shown is not what the history has; null once it could be read. */
  problem = $state.raw<Problem | null>(null);
  readonly runId: string;
  private readonly bridge: Bridge;
  private readonly reload = new Reload(() => this.read());
  /** Told but perhaps not yet in the history. */
  private recent: StepMetrics[] = [];
  /** Told since the history was last asked: it may not have been in it yet. */
  private toldMeanwhile: StoredEvaluation[] = [];
  /** Told since the series was last drawn. */
  private undrawn: StepMetrics[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, runId: string) {
    this.bridge = bridge;
    this.runId = runId;
  }

  /** Loads the run and keeps it current until the returned function is called. */
  follow(): () => void {
    const end = this.bridge.subscribe((message) => {
      if (message.topic === 'resync') void this.load();
      if (!('runId' in message) || message.runId !== this.runId) return;
      if (message.topic === 'steps') this.append(message.steps);
      if (message.topic === 'ended') void this.load();
      if (message.topic === 'evaluation') {
        this.toldMeanwhile.push(message.evaluation);
        this.evaluations = withEvaluation(this.evaluations, message.evaluation);
      }
    });
    void this.load();
    return () => {
      end();
      clearTimeout(this.timer);
    };
  }

  /** Shows a stretch of steps in as many points as the whole run has. */
  zoom(range: { from: number; to: number } | null): void {
    this.range = range && range.to > range.from ? range : null;
    void this.load();
  }

  load(): Promise<void> {
    return this.reload.again();
  }

  private append(steps: readonly StepMetrics[]): void {
    // A resumed run makes the steps since its checkpoint again.
    this.recent = [...this.recent.filter(({ step }) => step < (steps[0]?.step ?? 0)), ...steps];
    if (this.range) return;
    this.undrawn.push(...steps);
    this.timer ??= setTimeout(() => { this.draw(); }, DRAW_MS);
  }

  private draw(): void {
    this.timer = undefined;
    this.show(withSteps(this.series, this.undrawn));
    this.undrawn = [];
    // Half as many points show as much, and the rest of the run needs room.
    if (this.series.lastStep.length > 2 * BUCKETS && this.isLoaded) void this.load();
  }

  private async read(): Promise<void> {
    try {
      await this.readOnce();
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
    this.isLoaded = true;
  }

  private async readOnce(): Promise<void> {
    const { runId, range } = this;
    this.toldMeanwhile = [];
    const [evaluations, series] = await Promise.all([
      this.bridge.call('runs.evaluations', { runId }),
      this.bridge.call('runs.series', { runId, fields: [...SERIES_FIELDS], buckets: BUCKETS, ...range }),
    ]);
    this.evaluations = this.toldMeanwhile.reduce(withEvaluation, evaluations);
    // What was told lately and is not in the history yet.
    this.recent = this.recent.filter(({ step }) => step > (series.lastStep.at(-1) ?? -1));
    this.show(range ? series : withSteps(series, this.recent));
    this.undrawn = [];
  }

  private show(series: Series): void {
    this.series = series;
    if (!this.range) this.measured = new Set(SERIES_FIELDS.filter((name) => series.fields[name]?.mean.some((value) => value !== null)));
  }
}

/** A resumed run makes the evaluations since its checkpoint again. */
const withEvaluation = (evaluations: readonly StoredEvaluation[], one: StoredEvaluation): readonly StoredEvaluation[] =>
  [...evaluations.filter(({ step }) => step < one.step), one];
