import type { TrainSettings } from '../../contract/recipe.ts';
import type { Placement, Region } from '../../runtime/memory/layout.ts';
import type { Parameter, UpdateRule, UpdateTarget } from './update-rule.ts';
import { decays } from './weight-decay.ts';

/** Transformers' names of the second moments: by row and by column of a matrix, and whole for a vector. */
export const BY_ROW = 'exp_avg_sq_row';
export const BY_COLUMN = 'exp_avg_sq_col';
export const WHOLE = 'exp_avg_sq';

/** Keeps squares from vanishing (epsilon 1), and a step from vanishing where weights are all but zero (epsilon 2). */
export const EPSILON = 1e-30;
export const LEAST_SCALE = 1e-3;
/** An update whose root mean square is larger is scaled down to it. */
export const LARGEST_UPDATE = 1;
/** The second moments' decay is 1 - t^-0.8 at step t. */
export const DECAY_RATE = -0.8;

/**
 * Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) as `transformers.Adafactor` computes it with `relative_step`
 * off and no first moment: what a matrix remembers is a number for each row and column. With gradient g [n, m]:
 *
 *     R <- b R + (1 - b) mean_columns(g^2 + e)      C <- b C + (1 - b) mean_rows(g^2 + e)      b = 1 - t^-0.8
 *     u = g / sqrt(R C / mean(R))                   w <- w (1 - lr decay) - lr u / max(1, RMS(u))
 *
 * With `scaleParameter` lr is multiplied by max(1e-3, RMS(w)). A vector is a matrix of one row, where R C / mean(R) is C.
 */
export function adafactor({ weightDecay, scaleParameter }: Pick<TrainSettings, 'weightDecay' | 'scaleParameter'>): UpdateRule {
  return {
    stateRegions,
    update(parameter, targets, { step, learningRate, gradientScale }) {
      const parts = targets.map((target) => partOf(parameter, target));
      const elements = total(parts, ({ weights }) => weights.length);
      const rate = scaleParameter
        ? learningRate * Math.max(LEAST_SCALE, Math.sqrt(total(parts, ({ kernel, weights }) => kernel.sumOfSquares(weights.offset, weights.bytes)) / elements))
        : learningRate;
      for (const { kernel, gradients, rows, columns, row, column } of parts) {
        kernel.adafactorMoments(gradients.offset, rows, columns, row.offset, column.offset, gradientScale, EPSILON, 1 - step ** DECAY_RATE);
      }
      if (parts.length > 1) shareColumns(parts);
      const rowMean = total(parts, ({ read, row }) => sum(read(row))) / total(parts, ({ row }) => row.length);
      const squares = total(parts, ({ kernel, gradients, rows, columns, row, column }) => (
        kernel.adafactorSquares(gradients.offset, rows, columns, row.offset, column.offset, gradientScale, rowMean)));
      const size = rate / Math.max(1, Math.sqrt(squares / elements) / LARGEST_UPDATE);
      const kept = decays(parameter) ? 1 - rate * weightDecay : 1;
      for (const { kernel, weights, gradients, rows, columns, row, column } of parts) {
        kernel.adafactorUpdate(weights.offset, gradients.offset, rows, columns, row.offset, column.offset, gradientScale, rowMean, kept, size);
      }
    },
  };
}

function stateRegions({ shape }: Parameter): Region[] {
  if (shape.length < 2) return [{ name: BY_ROW, shape: [1] }, { name: WHOLE, shape }];
  return [{ name: BY_ROW, shape: shape.slice(0, -1) }, { name: BY_COLUMN, shape: shape.slice(-1) }];
}

/** Some rows of a matrix, with their second moments by row and by column. */
interface Part extends UpdateTarget { rows: number; columns: number; row: Placement; column: Placement }

function partOf({ shape }: Parameter, target: UpdateTarget): Part {
  const columns = shape.at(-1)!;
  return { ...target, columns, rows: target.weights.length / columns, row: target.state(BY_ROW), column: target.state(shape.length < 2 ? WHOLE : BY_COLUMN) };
}

/** Every part has the moments of all columns from before and its own rows' share of the new: their mean by rows is that of the whole. */
function shareColumns(parts: readonly Part[]): void {
  const rows = total(parts, (part) => part.rows);
  const columns = parts.map((part) => part.read(part.column));
  const whole = Float32Array.from(columns[0]!, (_, at) => columns.reduce((mean, own, part) => mean + own[at]! * (parts[part]!.rows / rows), 0));
  for (const own of columns) own.set(whole);
}

const total = <T>(parts: readonly T[], of: (part: T) => number): number => parts.reduce((whole, part) => whole + of(part), 0);
const sum = (values: Float32Array): number => values.reduce((whole, value) => whole + value, 0);
