import { apply, type Attributes, type Operator, type Value } from './value.ts';

/**
 * The same value with a gradient of its own: where a formula is known (softmax and divergence together, attention),
 * it is shorter and steadier than the chain of rules through every step.
 *
 * @param name    tells the rule apart from others; the same name, inputs and attributes must mean the same rule
 * @param value   computed from `inputs` in any way; nothing flows back through that computation
 * @param rule    gradients with respect to `inputs`, in their order; those that nobody wants may be null
 */
export function withGradient<A extends Attributes>(
  name: string,
  value: Value,
  inputs: readonly Value[],
  attributes: A,
  rule: (upstream: Value, isWanted: readonly boolean[]) => readonly (Value | null)[],
): Value {
  const operator: Operator<A> = {
    name,
    infer: ([output]) => [{ dtype: output!.dtype, shape: output!.shape }],
    emit: (node, writer) => writer.alias(node.outputs[0]!, node.inputs[0]!),
    gradient: (_, [upstream], isWanted) => [null, ...rule(upstream!, isWanted.slice(1))],
  };
  return apply(operator, [value, ...inputs], attributes);
}
