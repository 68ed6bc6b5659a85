import type { DType } from './dtype.ts';
import type { Shape } from './shape.ts';
import type { NodeWriter } from './onnx/node-writer.ts';

/** Attributes tell two nodes with the same operator and inputs apart, so they must survive JSON. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface TensorType { readonly dtype: DType; readonly shape: Shape }

/**
 * What Retort knows of one operation: its shape rule, how it is written as ONNX, and its gradient, side by side.
 */
export interface Operator<A extends Attributes = Attributes> {
  readonly name: string;
  /** Types of the outputs; throws where the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: A): readonly TensorType[];
  /** Writes the node; `Value`s that alias others write nothing. */
  emit(node: Node<A>, writer: NodeWriter): void;
  /**
   * Gradients with respect to the inputs, given those of the outputs (null where nothing flows back).
   * An operator without this rule cannot be trained through: the reverse pass says so by name.
   * @param isWanted  by input, whether anybody asks for its gradient
   */
  gradient?(node: Node<A>, upstream: readonly (Value | null)[], isWanted: readonly boolean[]): readonly (Value | null)[];
}

export interface Node<A extends Attributes = Attributes> {
  readonly id: number;
  readonly operator: Operator<A>;
  readonly inputs: readonly Value[];
  readonly attributes: A;
  readonly outputs: readonly Value[];
}

/** What a value without a producer stands for. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  /** What a loop hands to each round; known to its body only. */
  | { readonly kind: 'local' }
  /** A trained weight; whoever writes the graph decides whether it becomes an input or an initializer. */
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ConstantData };

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor in a graph: a name for what an operation makes, never data. */
export class Value {
  readonly graph: Graph;
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly source: Source | null;
  /** The node that makes this value and which of its outputs it is; null for a source. */
  producer: { readonly node: Node; readonly index: number } | null = null;

  constructor(graph: Graph, id: number, type: TensorType, source: Source | null) {
    this.graph = graph;
    this.id = id;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.source = source;
  }

  get rank(): number {
    return this.shape.length;
  }
}

/**
 * Makes values and remembers them: an operation asked for twice on the same inputs is the same node, so
 * common subexpressions never exist twice. What no output needs is never written; nothing is removed from here.
 */
export class Graph {
  private readonly nodes = new Map<string, Node>();
  private readonly sources = new Map<string, Value>();
  private readonly made = new Map<string, Value>();
  private prefix = '';
  private nextId = 0;

  input(name: string, dtype: DType, shape: Shape): Value {
    return this.fromSource(`input ${name}`, { kind: 'input', name }, { dtype, shape });
  }

  parameter(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    const whole = this.prefix + name;
    return this.fromSource(`parameter ${whole}`, { kind: 'parameter', name: whole }, { dtype, shape });
  }

  /** Two models in one graph: the names of all parameters asked for while `build` runs begin with `prefix`. */
  within<T>(prefix: string, build: () => T): T {
    const outer = this.prefix;
    this.prefix = outer + prefix;
    try {
      return build();
    } finally {
      this.prefix = outer;
    }
  }

  /** A value that the body of a loop is given in each round. */
  local(dtype: DType, shape: Shape): Value {
    return this.fromSource(`local #${this.nextId}`, { kind: 'local' }, { dtype, shape });
  }

  constant(dtype: DType, shape: Shape, data: ConstantData): Value {
    const key = data.length <= 16 ? `constant ${dtype} ${shape.join()} ${data.join()}` : `constant #${this.nextId}`;
    return this.fromSource(key, { kind: 'constant', data }, { dtype, shape });
  }

  /** Ids below this are taken; those of all that is made from here on are not. */
  get size(): number {
    return this.nextId;
  }

  /** A value that is costly to make and named by what it is: made the first time, found afterwards. */
  once(name: string, make: () => Value): Value {
    const key = this.prefix + name;
    const known = this.made.get(key);
    if (known) return known;
    const value = make();
    this.made.set(key, value);
    return value;
  }

  scalar(value: number): Value {
    return this.constant('float32', [], Float32Array.of(value));
  }

  apply<A extends Attributes>(operator: Operator<A>, inputs: readonly Value[], attributes: A): readonly Value[] {
    for (const input of inputs) {
      if (input.graph !== this) throw new Error(`${operator.name} mixes values of two graphs`);
    }
    const key = `${operator.name}(${inputs.map((input) => input.id).join()})${JSON.stringify(attributes)}`;
    const known = this.nodes.get(key);
    if (known) return known.outputs;
    const types = infer(operator, inputs, attributes);
    const outputs = types.map((type) => new Value(this, this.nextId++, type, null));
    const node: Node<A> = { id: this.nextId++, operator, inputs, attributes, outputs };
    // A node is stored without the type of its attributes; only its own operator reads them.
    const stored = node as unknown as Node;
    outputs.forEach((output, index) => { output.producer = { node: stored, index }; });
    this.nodes.set(key, stored);
    return outputs;
  }

  private fromSource(key: string, source: Source, type: TensorType): Value {
    const known = this.sources.get(key);
    if (known) {
      if (known.dtype !== type.dtype || known.shape.join() !== type.shape.join()) {
        throw new Error(`${key} is declared twice with different types`);
      }
      return known;
    }
    const value = new Value(this, this.nextId++, type, source);
    this.sources.set(key, value);
    return value;
  }
}

/** Applies an operator with one output. */
export function apply<A extends Attributes>(operator: Operator<A>, inputs: readonly Value[], attributes: A): Value {
  const first = inputs[0];
  if (!first) throw new Error(`${operator.name} needs an input`);
  const [output] = first.graph.apply(operator, inputs, attributes);
  if (!output) throw new Error(`${operator.name} has no output`);
  return output;
}

function infer<A extends Attributes>(operator: Operator<A>, inputs: readonly Value[], attributes: A): readonly TensorType[] {
  try {
    return operator.infer(inputs, attributes);
  } catch (cause) {
    const shapes = inputs.map((input) => `${input.dtype}[${input.shape.join(', ')}]`).join(', ');
    throw new Error(`${operator.name}(${shapes}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Nodes and sources that the given values need, each after what it reads. */
export function topological(outputs: readonly Value[]): { nodes: Node[]; sources: Value[] } {
  const nodes: Node[] = [];
  const sources: Value[] = [];
  const seen = new Set<Node | Value>();
  // An explicit stack: a deep model is a chain of thousands of nodes.
  const stack: { value: Value; entered: boolean }[] = outputs.map((value) => ({ value, entered: false })).reverse();
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { value, entered } = top;
    const node = value.producer?.node;
    if (!node) {
      if (!seen.has(value)) sources.push(value);
      seen.add(value);
    } else if (entered) {
      if (!seen.has(node)) nodes.push(node);
      seen.add(node);
    } else if (!seen.has(node)) {
      stack.push({ value, entered: true });
      for (const input of [...node.inputs].reverse()) stack.push({ value: input, entered: false });
    }
  }
  return { nodes, sources };
}
