import { apply, type Operator, type Value } from '../value.ts';

const anewOperator: Operator<{ use: string }> = {
  name: 'anew',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: (node, writer) => writer.alias(node.outputs[0]!, node.inputs[0]!),
};

/**
 * The same value, which a graph tells apart from itself by its use: what is computed from it is computed once for each
 * use, where one result that all share would have to be held from the first to the last. Nothing flows back.
 */
export function anew(x: Value, use: string): Value {
  return apply(anewOperator, [x], { use });
}
