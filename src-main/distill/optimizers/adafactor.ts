import type { TrainSettings } from '../../contract/recipe.ts';
import type { Placement, Region } from '../../runtime/memory/layout.ts';
import type { Parameter, UpdateRule, UpdateTarget } from './update-rule.ts';
import { decays } from './weight-decay.ts';

/** Transformers' names of the second moments: by row and by column of a matrix, and whole for a vector. */
const BY_ROW = 'exp_avg_sq_row';
const BY_COLUMN = 'exp_avg_sq_col';
const WHOLE = 'exp_avg_sq';

/** Keeps squares from vanishing (epsilon 1), and a step from vanishing where weights are all but zero (epsilon 2). */
const EPSILON = 1e-30;
const LEAST_SCALE = 1e-3;
/** An update whose root mean square is larger is scaled down to it. */
const LARGEST_UPDATE = 1;
/** The second moments' decay is 1 - t^-0.8 at step t. */
const DECAY_RATE = -0.8;

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
    update(target, { step, learningRate, gradientScale }) {
      const { parameter, kernel, weights, gradients } = target;
      const { rows, columns } = matrix(parameter);
      const moments = momentsOf(target);
      const rate = scaleParameter
        ? learningRate * Math.max(LEAST_SCALE, Math.sqrt(kernel.sumOfSquares(weights.offset, weights.bytes) / weights.length))
        : learningRate;
      kernel.adafactorMoments(gradients.offset, rows, columns, moments.row.offset, moments.column.offset, gradientScale, EPSILON, 1 - step ** DECAY_RATE);
      const rowMean = mean(target.read(moments.row));
      const squares = kernel.adafactorSquares(gradients.offset, rows, columns, moments.row.offset, moments.column.offset, gradientScale, rowMean);
      const size = rate / Math.max(1, Math.sqrt(squares / weights.length) / LARGEST_UPDATE);
      const kept = decays(parameter) ? 1 - rate * weightDecay : 1;
      kernel.adafactorUpdate(
        weights.offset, gradients.offset, rows, columns, moments.row.offset, moments.column.offset, gradientScale, rowMean, kept, size);
    },
  };
}

function stateRegions({ shape }: Parameter): Region[] {
  if (shape.length < 2) return [{ name: BY_ROW, shape: [1] }, { name: WHOLE, shape }];
  return [{ name: BY_ROW, shape: shape.slice(0, -1) }, { name: BY_COLUMN, shape: shape.slice(-1) }];
}

function momentsOf({ parameter, state }: UpdateTarget): { row: Placement; column: Placement } {
  return { row: state(BY_ROW), column: state(parameter.shape.length < 2 ? WHOLE : BY_COLUMN) };
}

function matrix({ shape }: Parameter): { rows: number; columns: number } {
  const columns = shape.at(-1)!;
  return { columns, rows: shape.slice(0, -1).reduce((product, size) => product * size, 1) };
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
