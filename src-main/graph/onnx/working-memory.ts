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

/** Memory from the node that takes it to the last that uses it, by their places in the order of the run. */
export interface Block {
  readonly bytes: number;
  /** Of what it was taken for: it serves what has the same. */
  readonly kind: string;
  readonly from: number;
  to: number;
}

/** Operators whose result lies where what they read first lies. */
const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity']);
/** Operators that ONNX Runtime lets write over what they read first, if nobody else reads it. */
const IN_PLACE: ReadonlySet<string> = new Set(['Softmax', 'Sigmoid', 'Tanh', 'Relu', 'Clip', 'QuickGelu', 'ScatterElements']);
const NONE: ReadonlySet<string> = new Set();

type Planned = Pick<RunPlan, 'nodes' | 'bytes' | 'kinds' | 'outputs'>;

/**
 * The memory of tensors between the inputs and the outputs of a graph while it runs, in the order in which it is taken. ONNX
 * Runtime plans this before: a tensor takes the memory of one that is not needed any more if that was taken for its very
 * shape, and what has been passed on so is held until the last that it is passed on to.
 */
export function plannedBlocks({ nodes, bytes, kinds, outputs }: Planned): { blocks: readonly Block[]; moments: number } {
  const order = runOrder(nodes);
  /** Where what lies at another's place lies. */
  const places = new Map<string, string>();
  const placeOf = (name: string): string => places.get(name) ?? name;
  for (const { opType, input, output } of order) if (VIEWS.has(opType) && !outputs.has(output[0]!)) places.set(output[0]!, placeOf(input[0]!));
  const lastUse = new Map<string, number>();
  order.forEach(({ input, output }, at) => {
    for (const name of input) lastUse.set(placeOf(name), at);
    // What nobody reads goes at once.
    for (const name of output) if (!lastUse.has(placeOf(name))) lastUse.set(placeOf(name), at);
  });
  const ending = order.map(() => new Set<string>());
  for (const [name, at] of lastUse) ending[at]!.add(name);

  const blocks: Block[] = [];
  const blockOf = new Map<string, Block>();
  const free = new Map<string, Block[]>();
  const take = (bytes: number, kind: string, at: number): Block => {
    const block = { bytes, kind, from: at, to: at };
    blocks.push(block);
    return block;
  };
  order.forEach(({ opType, input: [first], output, within }, at) => {
    for (const name of output) {
      const size = bytes.get(name);
      if (size === undefined || places.has(name) || outputs.has(name)) continue;
      const kind = kinds.get(name)!;
      const isOver = IN_PLACE.has(opType) && ending[at]!.has(placeOf(first!)) && kinds.get(first!) === kind;
      const over = isOver ? blockOf.get(placeOf(first!)) : undefined;
      if (over) ending[at]!.delete(placeOf(first!));
      const block = over ?? free.get(kind)?.pop() ?? take(size, kind, at);
      block.to = at;
      blockOf.set(name, block);
    }
    if (within) take(workingBytes({ nodes: within, bytes, kinds, outputs: NONE }), '', at);
    for (const name of ending[at]!) {
      const block = blockOf.get(name);
      if (!block) continue;
      block.to = at;
      free.set(block.kind, [...free.get(block.kind) ?? [], block]);
    }
  });
  return { blocks, moments: order.length };
}

/** Most bytes that they take at once. */
export function workingBytes(plan: Planned): number {
  const { blocks, moments } = plannedBlocks(plan);
  const changes = new Float64Array(moments + 1);
  for (const { bytes, from, to } of blocks) {
    changes[from]! += bytes;
    changes[to + 1]! -= bytes;
  }
  let [now, most] = [0, 0];
  for (const change of changes) most = Math.max(most, now += change);
  return most;
}
