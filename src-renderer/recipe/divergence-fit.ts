import type { DivergenceName } from '../../src-main/contract/divergence.ts';

/**
 * What a divergence makes of a student that cannot say all its teacher says, in the smallest case that shows it: the
 * teacher has two modes, the student is a single Gaussian, and mean and width are those of least divergence. The
 * pictures in the wizard are this computation's result.
 */
export interface DivergenceFit {
  mean: number;
  deviation: number;
  /** The student's probability on each point. */
  student: readonly number[];
}

const POINTS = 121;
const RANGE = 4;
/** The places the distributions live on. */
export const GRID: readonly number[] = Array.from({ length: POINTS }, (_, at) => -RANGE + (2 * RANGE * at) / (POINTS - 1));

/** The teacher has 70 percent around one mode, 30 percent around the other. */
const MODES = [-1, 1.5] as const;
export const TEACHER: readonly number[] = normalized(GRID.map((x) => 0.7 * density(x, MODES[0], 0.45) + 0.3 * density(x, MODES[1], 0.45)));

const WIDTHS = { smallest: 0.3, largest: 3 };

/** Finds the Gaussian of least divergence from the teacher by searching a grid of means and widths, finer each time. */
export function fitDivergence(divergence: Exclude<DivergenceName, 'cross_entropy'>, beta: number): DivergenceFit {
  let best = { mean: 0, deviation: 1, value: Infinity };
  let [means, widths] = [RANGE, Math.log(WIDTHS.largest / WIDTHS.smallest) / 2];
  const middle = Math.sqrt(WIDTHS.largest * WIDTHS.smallest);
  for (let round = 0; round < 4; round++) {
    const centre = round === 0 ? { mean: 0, deviation: middle } : best;
    for (let i = -12; i <= 12; i++) {
      for (let j = -8; j <= 8; j++) {
        const mean = centre.mean + (means * i) / 12;
        const deviation = Math.min(WIDTHS.largest, Math.max(WIDTHS.smallest, centre.deviation * Math.exp((widths * j) / 8)));
        const value = divergenceOf(divergence, beta, TEACHER, gaussian(mean, deviation));
        if (value < best.value) best = { mean, deviation, value };
      }
    }
    [means, widths] = [means / 6, widths / 4];
  }
  return { mean: best.mean, deviation: best.deviation, student: gaussian(best.mean, best.deviation) };
}

/** How much of the student's probability lies on the side of one mode, from 0.5 (evenly on both) to 1 (all on one). */
export function shareOnOneMode({ student }: DivergenceFit): number {
  const left = student.reduce((sum, q, at) => sum + (GRID[at]! < (MODES[0] + MODES[1]) / 2 ? q : 0), 0);
  return Math.max(left, 1 - left);
}

/** D(P || Q) in nats, by the formulas of the method (arXiv 2306.13649, section 2). */
export function divergenceOf(divergence: Exclude<DivergenceName, 'cross_entropy'>, beta: number, p: readonly number[], q: readonly number[]): number {
  switch (divergence) {
    case 'forward_kl': return kl(p, q);
    case 'reverse_kl': return kl(q, p);
    case 'tvd': return p.reduce((sum, value, at) => sum + Math.abs(value - q[at]!), 0) / 2;
    case 'jsd': {
      const mixture = p.map((value, at) => beta * value + (1 - beta) * q[at]!);
      return beta * kl(p, mixture) + (1 - beta) * kl(q, mixture);
    }
  }
}

function kl(p: readonly number[], q: readonly number[]): number {
  return p.reduce((sum, value, at) => (value > 0 ? sum + value * Math.log(value / q[at]!) : sum), 0);
}

function gaussian(mean: number, deviation: number): number[] {
  return normalized(GRID.map((x) => density(x, mean, deviation)));
}

function density(x: number, mean: number, deviation: number): number {
  return Math.exp(-((x - mean) ** 2) / (2 * deviation ** 2)) / deviation;
}

/** Sums to one; no point is quite without probability, as no token is to a softmax. */
function normalized(values: readonly number[]): number[] {
  const floored = values.map((value) => value + 1e-9);
  const sum = floored.reduce((total, value) => total + value, 0);
  return floored.map((value) => value / sum);
}
