import type { RunNode, RunPlan } from './write.ts';

/**
 * The order in which ONNX Runtime runs nodes: from the outputs back to what they need, the nodes written last first.
 * @param nodes  in the order in which they are written
 */
function runOrder(nodes: readonly RunNode[]): RunNode[] {
  const maker = new Map(nodes.flatMap((node, at) => node.output.map((name): [string, number] => [name, at])));
  const needs = nodes.map(({ input }) => [...new Set(input.flatMap((name) => maker.get(name) ?? []))].sort((a, b) => a - b));
  const isNeeded = new Set(needs.flat());
  const order: RunNode[] = [];
  const seen = new Set<number>();
  const stack = nodes.flatMap((_, at) => (isNeeded.has(at) ? [] : [{ at, isLeft: false }]));
  while (stack.length > 0) {
    const { at, isLeft } = stack.pop()!;
    if (isLeft) {
      order.push(nodes[at]!);
      continue;
    }
    if (seen.has(at)) continue;
    seen.add(at);
    stack.push({ at, isLeft: true });
    for (const need of needs[at]!) if (!seen.has(need)) stack.push({ at: need, isLeft: false });
  }
  return order;
}

const NONE: ReadonlySet<string> = new Set();

/** Most bytes that tensors between the inputs and the outputs of a graph take at once while it runs. */
export function workingBytes({ nodes, bytes, outputs }: RunPlan): number {
  const order = runOrder(nodes);
  const lastUse = new Map<string, number>();
  order.forEach(({ input, output }, at) => {
    for (const name of input) lastUse.set(name, at);
    // What nobody reads goes at once.
    for (const name of output) if (!lastUse.has(name)) lastUse.set(name, at);
  });
  const ending = new Map<number, string[]>();
  for (const [name, at] of lastUse) ending.set(at, [...ending.get(at) ?? [], name]);
  const sizeOf = (name: string): number => (outputs.has(name) ? 0 : bytes.get(name) ?? 0);
  const made = new Set<string>();
  let [now, most] = [0, 0];
  order.forEach(({ output, within }, at) => {
    for (const name of output) {
      now += sizeOf(name);
      made.add(name);
    }
    most = Math.max(most, now + (within ? workingBytes({ nodes: within, bytes, outputs: NONE }) : 0));
    for (const name of ending.get(at) ?? []) if (made.has(name)) now -= sizeOf(name);
  });
  return most;
}
