import { cumulativeSum } from '../../graph/ops/cumulative-sum.ts';
import { add, div, equal, greaterOrEqual, less, max, min, mul, where } from '../../graph/ops/elementwise.ts';
import { gatherElements } from '../../graph/ops/gather.ts';
import { cast, reshape, slice } from '../../graph/ops/layout.ts';
import { argMax, sum } from '../../graph/ops/reduce.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { topK } from '../../graph/ops/top-k.ts';
import { dimAt, staticDim } from '../../graph/shape.ts';
import type { Value } from '../../graph/value.ts';
import { MASKED } from '../../nn/attention/core.ts';
import type { Rule } from '../processors.ts';

/**
 * Changes logits [rows, vocabulary] as the processor of a rule does. What is taken out is `MASKED`: a device's infinity
 * may be any number.
 * @param seen  [rows, vocabulary]: 1 where the text has the token already
 */
export function applyRule(logits: Value, rule: Rule, seen: () => Value): Value {
  const width = staticDim(logits.shape, -1);
  switch (rule.kind) {
    case 'topK': {
      if (rule.count >= width) return logits;
      const least = slice(topK(logits, rule.count).values, -1, rule.count - 1, rule.count);
      return where(less(logits, least), MASKED, logits);
    }
    case 'topP': return where(isInNucleus(logits, rule.share), logits, MASKED);
    case 'minP': {
      const most = gatherElements(logits, reshape(cast(argMax(logits, -1), 'int32'), [dimAt(logits.shape, 0), 1]));
      return where(less(logits, add(most, Math.log(rule.share))), MASKED, logits);
    }
    case 'repetition': {
      const penalized = where(less(logits, 0), mul(logits, rule.penalty), div(logits, rule.penalty));
      return where(less(0.5, seen()), penalized, logits);
    }
  }
}

/** Where a token is among the likeliest whose probabilities together reach the share; of equally likely ones the first come first. */
function isInNucleus(logits: Value, share: number): Value {
  const { graph } = logits;
  const [rows, width] = [dimAt(logits.shape, 0), staticDim(logits.shape, -1)];
  if (width === 1) return greaterOrEqual(logits, logits);
  // Falling, and of equal ones the lower id first.
  const { values, indices } = topK(logits, width);
  const reached = slice(cumulativeSum(softmax(values), -1), -1, 0, width - 1);
  // The token that crosses the share belongs to it.
  const last = cast(sum(cast(less(reached, share), 'float32'), [-1], true), 'int32');
  const least = gatherElements(values, last);
  const lastId = gatherElements(cast(indices, 'int32'), last);
  const ids = graph.constant('int32', [1, width], Int32Array.from({ length: width }, (_, id) => id));
  const isEqualAndBefore = mul(cast(equal(logits, least), 'float32'), cast(greaterOrEqual(lastId, ids), 'float32'));
  return less(0.5, reshape(max(cast(less(least, logits), 'float32'), isEqualAndBefore), [rows, width]));
}

/**
 * One token a row by inverse CDF, as `sampleRows`; one whose probability is zero is never drawn.
 * @param probabilities  [rows, vocabulary]  @param uniform  [rows, 1] in [0, 1)  @returns [rows] (int32)
 */
export function drawRows(probabilities: Value, uniform: Value): Value {
  const cumulative = cumulativeSum(probabilities, -1);
  const width = staticDim(probabilities.shape, -1);
  const whole = slice(cumulative, -1, width - 1, width);
  const count = (condition: Value): Value => sum(cast(condition, 'float32'), [-1]);
  // The largest numbers may round up to the whole sum, which the last token that has a share comes to.
  return cast(min(count(greaterOrEqual(mul(whole, uniform), cumulative)), count(less(cumulative, whole))), 'int32');
}
