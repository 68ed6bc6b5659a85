import { add, exp, log, sub } from '../graph/ops/elementwise.ts';
import { gatherElements, placeAt } from '../graph/ops/gather.ts';
import { cast, reshape, slice } from '../graph/ops/layout.ts';
import { argMax, expand, sum } from '../graph/ops/reduce.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';
import type { Head, OutputLayer } from './head.ts';
import { rowWidth } from './likeliest-row.ts';

/** Far below every log-probability, and finite. */
const NEVER = -1e4;

/**
 * The head of a teacher of which a few tokens' probabilities are known at each position, and of all others only what
 * they have together: it is handed over rows of `packRow`.
 *
 * The others share what they have in the student's own proportions. A divergence of such a distribution is that over
 * the known tokens and one bucket of all others, and its gradient the gradient of that: for f with f(1) = 0, where
 * P(v) / Q(v) is the same number P(R) / Q(R) for all v of the rest R, sum_R Q(v) f(P(v) / Q(v)) = Q(R) f(P(R) / Q(R)).
 * By the data processing inequality it is never more than the divergence from the whole distribution.
 *
 * @param known  places for known tokens in a row
 */
export function likeliestHead(known: number): Head {
  return { decoder: new LikeliestLayer(known), weights: {} };
}

class LikeliestLayer implements OutputLayer {
  readonly hiddenSize: number;
  private readonly known: number;

  constructor(known: number) {
    this.known = known;
    this.hiddenSize = rowWidth(known);
  }

  /** log P [positions, shared vocabulary]. */
  readonly logits = (rows: Value, logStudent?: Value): Value => {
    if (!logStudent) throw new Error('what is known of a teacher is completed by a student');
    const ids = this.ids(rows);
    const known = this.logprobs(rows);
    const others = placeAt(logStudent, ids, expand(rows.graph.scalar(NEVER), known.shape));
    const likeliest = gatherElements(others, reshape(argMax(others, -1), [staticDim(rows.shape, 0), 1]));
    const rest = add(likeliest, log(sum(exp(sub(others, likeliest)), [-1], true)));
    return placeAt(add(logStudent, sub(this.rest(rows), rest)), ids, known);
  };

  readonly choice = (rows: Value): Value => reshape(cast(slice(rows, -1, 0, 1), 'int64'), [staticDim(rows.shape, 0)]);

  readonly covered = (rows: Value): Value => reshape(sub(1, exp(this.rest(rows))), [staticDim(rows.shape, 0)]);

  private ids(rows: Value): Value {
    return cast(slice(rows, -1, 0, this.known), 'int32');
  }

  private logprobs(rows: Value): Value {
    return slice(rows, -1, this.known, 2 * this.known);
  }

  private rest(rows: Value): Value {
    return slice(rows, -1, 2 * this.known, 2 * this.known + 1);
  }
}
