import { cumulativeSum } from '../graph/ops/cumulative-sum.ts';
import { greaterOrEqual, min, mul } from '../graph/ops/elementwise.ts';
import { cast, slice } from '../graph/ops/layout.ts';
import { sum } from '../graph/ops/reduce.ts';
import { staticDim } from '../graph/shape.ts';
import type { Value } from '../graph/value.ts';

/**
 * One token a row by inverse CDF: how many tokens the uniform number has passed.
 *
 * @param probabilities  [batch, vocabulary]; need not sum to one exactly, the last sum is what u is a share of
 * @param uniform        [batch, 1] in [0, 1)
 * @returns [batch] (int32)
 */
export function sampleRows(probabilities: Value, uniform: Value): Value {
  const cumulative = cumulativeSum(probabilities, -1);
  const width = staticDim(probabilities.shape, -1);
  const threshold = mul(slice(cumulative, -1, width - 1, width), uniform);
  const passed = sum(cast(greaterOrEqual(threshold, cumulative), 'float32'), [-1]);
  // The largest u may round up to the whole sum.
  return cast(min(passed, width - 1), 'int32');
}
