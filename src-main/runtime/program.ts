import type { Device } from '../contract/divergence.ts';
import type { NodeWriter } from '../graph/onnx/node-writer.ts';
import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { StoredTensor, Tensor } from './tensor.ts';

/** What goes into a program, by name. */
export type Tensors = Readonly<Record<string, StoredTensor>>;

/** A graph made ready to run. */
export interface Program {
  readonly graph: OnnxGraph;
  /**
   * Runs the graph on inputs (weights among them, where they are inputs) and returns every output. Outputs named
   * in `into` are written there, in place; the tensors may share memory with inputs that are read before.
   */
  run(inputs: Tensors, into?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the native memory; the program is not used afterwards. */
  release(): Promise<void>;
}

export interface ProgramOptions {
  /** The initializers whose location outside the graph is their own name; they are read where they lie. */
  initializers?: Tensors;
  /** How hard the executor's own optimizer tries; a graph that runs once or twice is not worth much. */
  optimize?: 'none' | 'basic' | 'all';
}

/** What turns graphs into programs: ONNX Runtime on some device, or another executor of the same graphs. */
export interface Executor {
  readonly device: Device;
  /** Whether it reads what `nn/weights/stored` keeps: mapped files, bfloat16, bytes of blocks. */
  readonly readsStored: boolean;
  /** The operators that graphs for it are written in. */
  readonly dialect: NodeWriter['dialect'];
  compile(graph: OnnxGraph, options?: ProgramOptions): Promise<Program>;
}
