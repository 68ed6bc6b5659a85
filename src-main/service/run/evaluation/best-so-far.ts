import type { Evaluation } from '../../../contract/events.ts';
import type { BestScore, StoppedEarly } from '../../../contract/best.ts';
import type { Reported } from '../../../metrics/reported.ts';

/** What a checkpoint keeps of it, so that a resumed run chooses and stops as if nothing had happened. */
export interface BestState {
  /** Null before the first evaluation, and where none brought a number. */
  best: { step: number; value: number } | null;
  /** Evaluations in a row since then that were no better. */
  evaluationsSinceBest: number;
}

/**
 * Which evaluation of a run is the best so far, by one of its numbers, and whether patience is at its end. Only what is
 * strictly better is a new best; the student before training sets the bar. What is not a finite number is never better.
 */
export class BestSoFar {
  private readonly metric: Reported;
  private readonly patience: number;
  private readonly first: number;
  private best: BestState['best'];
  private since: number;

  /** @param patience  evaluations in a row that may be no better; Infinity never stops, @param first  the step whose student sets the bar */
  constructor(metric: Reported, patience: number, state: Partial<BestState> = {}, first = 0) {
    this.first = first;
    this.metric = metric;
    this.patience = patience;
    this.best = state.best ?? null;
    this.since = state.evaluationsSinceBest ?? 0;
  }

  /** Takes the next evaluation. @returns whether training made it the best so far. */
  watch(evaluation: Pick<Evaluation, 'step' | 'divergence' | 'loss' | 'metrics'>): boolean {
    const { step } = evaluation;
    const value = numberOf(evaluation, this.metric.name);
    const isBetter = Number.isFinite(value) && (this.best === null || (this.metric.isLowerBetter ? value < this.best.value : value > this.best.value));
    if (isBetter) {
      this.best = { step, value };
      this.since = 0;
    } else if (step > this.first) {
      this.since += 1;
    }
    return isBetter && step > this.first;
  }

  /** Why the run ends here; null while it goes on. */
  get stoppedEarly(): StoppedEarly | null {
    return this.since >= this.patience ? { metric: this.metric.name, evaluations: this.since } : null;
  }

  get score(): BestScore | null {
    return this.best && { name: this.metric.name, ...this.best };
  }

  get state(): BestState {
    return { best: this.best, evaluationsSinceBest: this.since };
  }
}

function numberOf({ divergence, loss, metrics }: Pick<Evaluation, 'divergence' | 'loss' | 'metrics'>, name: string): number {
  return (name === 'divergence' ? divergence : name === 'loss' ? loss : metrics[name]?.value) ?? NaN;
}
