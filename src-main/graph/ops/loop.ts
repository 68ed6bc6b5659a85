import { sameShape } from '../shape.ts';
import { topological, type Node, type Operator, type Value } from '../value.ts';
import type { Length } from './distances.ts';

/**
 * What `build` makes of a state `count` [] (int64) times, each time of what it made the time before. It may read any
 * other value; those that do not depend on the round are computed once, before. Nothing flows back.
 *
 * @param build  of the round's number, [] (int64) from 0, and the state; of the state's shape
 */
export function loop(count: Value, state: Value, build: (index: Value, state: Value) => Value): Value {
  return rounds(count, state, (index, given) => ({ next: build(index, given), told: null })).state;
}

/**
 * The same with something that every round tells besides the state that it hands on.
 *
 * @param build  of the round's number and the state; its `told` is of any shape
 * @returns the last state, and what was told, [count, ...]
 */
export function scan(
  { count, dim }: Length, state: Value, build: (index: Value, state: Value) => { next: Value; told: Value },
): { state: Value; told: Value } {
  const { state: last, told } = rounds(count, state, build, dim);
  return { state: last, told: told! };
}

function rounds(
  count: Value, state: Value, build: (index: Value, state: Value) => { next: Value; told: Value | null }, dim: Length['dim'] = 'rounds',
): { state: Value; told: Value | null } {
  const { graph } = state;
  const [index, given] = [graph.local('int64', []), graph.local(state.dtype, state.shape)];
  const { next, told } = build(index, given);
  if (!sameShape(next.shape, state.shape) || next.dtype !== state.dtype) throw new Error('a round makes another state than it is given');
  const { nodes, outer } = bodyOf(told ? [next, told] : [next], [index, given]);
  const operator: Operator<{ body: number; told?: number }> = {
    name: 'loop',
    infer: () => [{ dtype: state.dtype, shape: state.shape }, ...(told ? [{ dtype: told.dtype, shape: [dim, ...told.shape] }] : [])],
    emit: ({ outputs }, writer) => writer.loop(count, state, outer, { index, state: given, nodes, next, told }, outputs),
  };
  const [last, all = null] = graph.apply(operator, [count, state, ...outer], { body: next.id, ...(told && { told: told.id }) });
  return { state: last!, told: all };
}

/** The nodes that depend on what a round is given, and what else they read. */
function bodyOf(made: readonly Value[], given: readonly Value[]): { nodes: Node[]; outer: Value[] } {
  const inside = new Set(given);
  const nodes = topological(made).nodes.filter((node) => {
    const isInside = node.inputs.some((input) => inside.has(input));
    if (isInside) node.outputs.forEach((output) => inside.add(output));
    return isInside;
  });
  const outer = new Set([...made, ...nodes.flatMap(({ inputs }) => inputs)].filter((value) => !inside.has(value)));
  // In the order in which they were made, so that the same graph is written every time.
  return { nodes, outer: [...outer].sort((a, b) => a.id - b.id) };
}
