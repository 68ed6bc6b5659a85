import { showShape, sameShape } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

const straightThroughOperator: Operator = {
  name: 'straightThrough',
  infer: ([rounded, exact]) => {
    if (!sameShape(rounded!.shape, exact!.shape)) throw new Error(`${showShape(rounded!.shape)} cannot stand for ${showShape(exact!.shape)}`);
    return [{ dtype: rounded!.dtype, shape: rounded!.shape }];
  },
  emit: (node, writer) => writer.alias(node.outputs[0]!, node.inputs[0]!),
  gradient: (_, [up]) => [null, up!],
};

/**
 * `rounded`, of which what flows back goes to `exact` as it is: rounding has a derivative of zero almost everywhere, and is
 * learned through as if it were not there (the straight-through estimator, Bengio et al. 2013, arXiv 1308.3432).
 *
 * @param rounded  what `exact` has become, of its shape
 */
export function straightThrough(rounded: Value, exact: Value): Value {
  return apply(straightThroughOperator, [rounded, exact], {});
}
