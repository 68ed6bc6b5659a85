import type { Compute } from '../contract/compute.ts';
import { Problem } from '../contract/problem.ts';

/** What a run remembers of its updates beside the optimizer's state; a checkpoint keeps it. */
export interface LossScaleState {
  /** Steps so far whose gradient was no number, and which have changed nothing. */
  skipped: number;
  /** Of those the last ones in a row, without those that a smaller scale may have saved. */
  inARow: number;
  /** What the loss is multiplied with; null where nothing is. */
  scale: number | null;
  /** Updates since that has changed. */
  good: number;
}

/** As PyTorch's `GradScaler` begins, and as often as it doubles. */
const FIRST = 2 ** 16;
const DOUBLES_AFTER = 2000;
/** Squares of gradients that are multiplied so are still far below the largest float32. */
const LARGEST = 2 ** 24;
/** Below it, overflow is not the scale's fault. */
const LEAST = 1;
/** Steps that may change nothing one after the other. */
const MOST_IN_A_ROW = 10;

/**
 * Counts steps whose gradient is no number, and finds what the loss is multiplied with so that gradients in float16 are
 * neither lost nor too large: halved where one is, doubled after many that were not (Micikevicius et al. 2018, arXiv 1710.03740).
 */
export class LossScale {
  private now: LossScaleState;

  /** @param state  of a run that goes on; null for one that begins */
  constructor(compute: Compute, state: LossScaleState | null = null) {
    const { skipped, inARow, scale, good } = state ?? { skipped: 0, inARow: 0, scale: null, good: 0 };
    this.now = { skipped, inARow, good, scale: compute === 'fp16' ? scale ?? FIRST : null };
  }

  get state(): Readonly<LossScaleState> {
    return this.now;
  }

  /** What the next step's loss is multiplied with. */
  get value(): number {
    return this.now.scale ?? 1;
  }

  /** Takes note of a step. @param isSound  whether its gradient was a number. @throws Problem where too many in a row were none */
  stepped(step: number, isSound: boolean): void {
    const { skipped, inARow, scale, good } = this.now;
    if (isSound) {
      const isDue = scale !== null && good + 1 === DOUBLES_AFTER;
      this.now = { skipped, inARow: 0, scale: isDue ? Math.min(2 * scale, LARGEST) : scale, good: isDue ? 0 : good + 1 };
      return;
    }
    const isHopeless = this.value <= LEAST;
    this.now = { skipped: skipped + 1, inARow: isHopeless ? inARow + 1 : inARow, scale: scale && Math.max(scale / 2, LEAST), good: 0 };
    if (this.now.inARow < MOST_IN_A_ROW) return;
    throw new Problem(`The gradient of step ${step} is not finite, and neither were those of the ${MOST_IN_A_ROW - 1} steps before it.`, {
      kind: 'failure',
      hint: `Lower train.learningRate, or set train.clipNorm${scale === null ? '' : '; train.compute "bf16" or "fp32" has room for larger numbers'}. Then start from the last checkpoint.`,
    });
  }
}
