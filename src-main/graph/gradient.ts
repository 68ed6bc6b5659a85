import { add } from './ops/elementwise.ts';
import { showShape, sameShape } from './shape.ts';
import { topological, type Node, type Value } from './value.ts';

/**
 * The reverse pass: gradients of a sum of outputs with respect to `wrt`, in its order.
 *
 * @param seeds  for each output, the gradient that arrives at it (of the output's own shape)
 * @param wrt    values to differentiate by, as if none depended on another; one that no output depends on is an error, not a silent zero
 */
export function gradients(seeds: ReadonlyMap<Value, Value>, wrt: readonly Value[]): Value[] {
  const { nodes } = topological([...seeds.keys()]);
  const variables = new Set(wrt);
  const onPath = dependents(nodes, variables);
  const arriving = new Map<Value, Value[]>();
  for (const [output, seed] of seeds) arriving.set(output, [seed]);

  for (const node of nodes.reverse()) {
    if (!node.outputs.some((output) => onPath.has(output) && !variables.has(output))) continue;
    const upstream = node.outputs.map((output) => total(arriving.get(output)));
    if (upstream.every((up) => up === null)) continue;
    const flowing = flow(node, upstream, node.inputs.map((input) => onPath.has(input)));
    node.inputs.forEach((input, index) => {
      const gradient = flowing[index];
      if (!gradient || !onPath.has(input)) return;
      if (!sameShape(gradient.shape, input.shape)) {
        throw new Error(`the gradient of ${node.operator.name} has shape ${showShape(gradient.shape)} for an input of ${showShape(input.shape)}`);
      }
      const list = arriving.get(input);
      if (list) list.push(gradient);
      else arriving.set(input, [gradient]);
    });
  }

  return wrt.map((value) => {
    const gradient = total(arriving.get(value));
    if (!gradient) throw new Error(`nothing flows back to ${value.source?.kind === 'parameter' ? value.source.name : 'a value'}`);
    return gradient;
  });
}

function flow(node: Node, upstream: readonly (Value | null)[], isWanted: readonly boolean[]): readonly (Value | null)[] {
  if (!node.operator.gradient) throw new Error(`operator "${node.operator.name}" has no gradient`);
  const flowing = node.operator.gradient(node, upstream, isWanted);
  if (flowing.length !== node.inputs.length) {
    throw new Error(`the gradient of ${node.operator.name} answers for ${flowing.length} of ${node.inputs.length} inputs`);
  }
  return flowing;
}

/** Values that depend on any of `roots`, the roots included. */
function dependents(nodes: readonly Node[], roots: ReadonlySet<Value>): Set<Value> {
  const found = new Set(roots);
  for (const node of nodes) {
    if (node.inputs.some((input) => found.has(input))) node.outputs.forEach((output) => found.add(output));
  }
  return found;
}

function total(parts: readonly Value[] | undefined): Value | null {
  return parts?.reduce((sum, part) => add(sum, part)) ?? null;
}
