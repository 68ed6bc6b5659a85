import type { Device } from '../contract/divergence.ts';
import type { NodeWriter } from '../graph/onnx/node-writer.ts';
import type { OnnxGraph } from '../graph/onnx/write.ts';
import type { DeviceMemory, DeviceTensor } from './device/device-memory.ts';
import type { StoredTensor, Tensor } from './tensor.ts';

/** What goes into a program, by name. */
export type Tensors = Readonly<Record<string, StoredTensor>>;

/** What a bound program reads: tensors of the host, or of its executor's memory. */
export type BoundInputs = Readonly<Record<string, StoredTensor | DeviceTensor>>;

/** Where a bound program leaves its results. */
export type BoundOutputs = Readonly<Record<string, Tensor | DeviceTensor>>;

/** A program with every tensor in its place. */
export interface Bound {
  /** Reads the inputs as they are now and writes every output; one that is a device's is there to be read or used next. */
  run(): Promise<void>;
  /** Forgets the tensors, which belong to whoever brought them. */
  release(): void;
}

/** A graph made ready to run. */
export interface Program {
  readonly graph: OnnxGraph;
  /**
   * Runs the graph on inputs (weights among them, where they are inputs) and returns every output. Outputs named
   * in `into` are written there, in place; the tensors may share memory with inputs that are read before.
   */
  run(inputs: Tensors, into?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /**
   * Fixes where inputs (weights among them, where they are inputs) and outputs lie, all of them. An output may be an
   * input of the same run where the graph reads the old before it writes the new.
   */
  bind(inputs: BoundInputs, outputs: BoundOutputs): Bound;
  /** Frees the native memory; the program is not used afterwards. */
  release(): Promise<void>;
}

export interface ProgramOptions {
  /** The initializers whose location outside the graph is their own name; they are read where they lie. */
  initializers?: Tensors;
  /** How hard the executor's own optimizer tries; a graph that runs once or twice is not worth much. */
  optimize?: 'none' | 'basic' | 'all';
  /** Whether products of float32 may be made of numbers of 11 bits, as NVIDIA's tensor cores do; no other device knows it. */
  allowsTf32?: boolean;
  /**
   * Whether what the first run asks of the device is recorded, and each run after it repeats that without going through the
   * graph; for executors that have `captures`. Such a program is bound once, to tensors of the device alone. **The first run is
   * made more than once**, and need not leave in place what it found: nothing is to be read of it.
   */
  captured?: boolean;
}

/** What turns graphs into programs: ONNX Runtime on some device, or another executor of the same graphs. */
export interface Executor {
  readonly device: Device;
  /** Memory that its programs read and write in place; null where that is the host's. @throws Problem where the device is not there */
  readonly memory: DeviceMemory | null;
  /** Whether it reads what `nn/weights/stored` keeps: mapped files, bfloat16, bytes of blocks. */
  readonly readsStored: boolean;
  /** Whether it multiplies by signed bytes (`graph/ops/quantized`), exactly: processors that add their products in 16 bits cut them off. */
  readonly signsBytes: boolean;
  /** Whether it multiplies matrices of half precision. Where not, such products are float32 of numbers that are rounded so. */
  readonly multipliesHalves: boolean;
  /** What it has of ONNX Runtime's cached attention in float32: all of it, all but caps on scores, or nothing. */
  readonly cachedAttention: 'whole' | 'uncapped' | 'none';
  /** Whether it has programs that are `captured`. */
  readonly captures: boolean;
  /** The operators that graphs for it are written in. */
  readonly dialect: NodeWriter['dialect'];
  compile(graph: OnnxGraph, options?: ProgramOptions): Promise<Program>;
  /** Gives the system what is held of its memory for programs to come. They ask for it anew, which takes longer. */
  giveBack(): void;
}
