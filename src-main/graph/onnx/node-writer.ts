import type { DType } from '../dtype.ts';
import type { Shape } from '../shape.ts';
import type { ConstantData, Node, Value } from '../value.ts';

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** What a loop computes in each round. Nodes that it reads and that are not its own are written before it. */
export interface LoopBody {
  /** Of the round, [] (int64), from 0. */
  readonly index: Value;
  readonly state: Value;
  /** In order. */
  readonly nodes: readonly Node[];
  /** The state for the next round. */
  readonly next: Value;
  /** What each round tells besides; what all have told is the loop's second output. */
  readonly told: Value | null;
}

/** What an operator may do to the ONNX graph being written. Names of tensors are the writer's business. */
export interface NodeWriter {
  /**
   * `onnxruntime` may use ONNX Runtime's own fused operators, `webgpu` those of them that its WebGPU provider computes
   * (what it lacks would run on the CPU, with copies both ways); `onnx` keeps to the standard, for files that other
   * programs open.
   */
  readonly dialect: 'onnxruntime' | 'webgpu' | 'onnx';
  /** Name of the tensor that holds a value. */
  nameOf(value: Value): string;
  /** The value needs no node: it is another tensor under its own shape and type. */
  alias(value: Value, to: Value): void;
  /** A small constant the node needs, such as the target of a Reshape; equal ones are shared. */
  constant(dtype: DType, shape: readonly number[], data: ConstantData): string;
  /**
   * A tensor of int64 that holds these dimensions when the graph runs, for a Reshape to more than one that is open; -1
   * stands for what is left. It is an input that executors fill in.
   */
  sizes(dims: Shape): string;
  /** A name for a tensor inside one operator's emission. */
  temporary(): string;
  /**
   * Adds a node. An empty input name is an absent optional input, an empty output name one that nobody reads.
   * Whole numbers become integer attributes; say `{ float }` where the schema wants a float.
   */
  node(type: string, inputs: readonly (Value | string)[], outputs: readonly (Value | string)[],
    attributes?: Readonly<Record<string, OnnxAttribute>>, domain?: string): void;
  /**
   * Adds ONNX's Loop: `body` is run `count` [] (int64) times, each time with the state that it has made the time before.
   * @param outer  what the body reads besides, made before it
   */
  loop(count: Value, state: Value, outer: readonly Value[], body: LoopBody, outputs: readonly Value[]): void;
  /** Whether anything that is written reads this output. */
  isUsed(value: Value): boolean;
}

/** The domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** Adds a node with one output. @returns its name */
export function made(writer: NodeWriter, type: string, inputs: readonly (Value | string)[], attributes: Readonly<Record<string, OnnxAttribute>> = {}, domain = ''): string {
  const name = writer.temporary();
  writer.node(type, inputs, [name], attributes, domain);
  return name;
}
