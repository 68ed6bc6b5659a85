import { setImmediate as otherWork } from 'node:timers/promises';
import { DTYPES } from '../../../graph/dtype.ts';
import type { OnnxGraph, Port } from '../../../graph/onnx/write.ts';
import type { MappedFile } from '../../mapping/mapped-file.ts';
import { openSizes, type Sizes } from '../../open-sizes.ts';
import type { Executor, Program, ProgramOptions, Tensors } from '../../program.ts';
import { tensorOf, type Tensor } from '../../tensor.ts';
import { runtimeFailure } from '../failure.ts';
import type { Pointer } from './api.ts';
import { CNames } from './c-memory.ts';
import { OrtRuntime } from './runtime.ts';
import { createSession } from './session.ts';

/**
 * Bytes of results from which on a run leaves the arena empty: what a large model's step has taken must not add up
 * with the packed weights of the rollout after it. Smaller ones go on faster with the memory they have.
 */
const LARGE = 2 ** 28;

let runtime: OrtRuntime | undefined;

/**
 * ONNX Runtime on the CPU by its C interface, for which inputs and outputs are the caller's own memory. Its
 * JavaScript interface copies every output: at each token the whole KV cache, at each step every gradient.
 *
 * @throws Error where the library cannot be loaded
 */
export function nativeExecutor(threads: number): Executor {
  const shared = runtime ??= new OrtRuntime();
  return { device: 'cpu', readsStored: true, dialect: 'onnxruntime', compile: async (graph, options = {}) => new NativeProgram(shared, graph, options, threads) };
}

class NativeProgram implements Program {
  readonly graph: OnnxGraph;
  private readonly runtime: OrtRuntime;
  /** Held because the session reads them where they are. */
  readonly initializers: Tensors | undefined;
  /** That initializers lie in. */
  private readonly files: readonly MappedFile[];
  /** Null once released. */
  private session: Pointer | null;
  private readonly names: CNames;

  constructor(shared: OrtRuntime, graph: OnnxGraph, options: ProgramOptions, threads: number) {
    this.graph = graph;
    this.runtime = shared;
    this.initializers = options.initializers;
    this.files = mappedFiles(options.initializers ?? {});
    this.session = explained('make ready', () => createSession(shared, graph, options, threads));
    this.names = new CNames([...graph.inputs, ...graph.parameters, ...graph.outputs].map(({ name }) => name));
  }

  async run(inputs: Tensors, into: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, Tensor>> {
    const { inputs: ports, parameters, outputs } = this.graph;
    const missing = ports.find(({ name }) => !inputs[name]);
    if (missing) throw new Error(`the input "${missing.name}" is not given`);
    const given = [...ports, ...parameters.filter(({ name }) => inputs[name])];
    const sizes = openSizes(given, inputs);
    const results = Object.fromEntries(outputs.map((port) => [port.name, into[port.name] ?? empty(port, sizes)]));
    // The thread computes from here to the end: whoever waits for it has a turn before.
    await otherWork();
    this.compute(given, inputs, results);
    return results;
  }

  async release(): Promise<void> {
    if (this.session !== null) this.runtime.api.ReleaseSession(this.session);
    this.session = null;
  }

  private compute(given: readonly Port[], inputs: Tensors, results: Readonly<Record<string, Tensor>>): void {
    const { api } = this.runtime;
    const { outputs } = this.graph;
    if (this.session === null) throw new Error('the program has been released');
    for (const file of new Set([...mappedFiles(inputs), ...this.files])) file.check();
    const made: Pointer[] = [];
    const values = (ports: readonly Port[], tensors: Tensors): BigUint64Array => BigUint64Array.from(ports, ({ name }) => {
      const value = this.runtime.value(tensors[name]!);
      made.push(value);
      return value;
    });
    const bytes = Object.values(results).reduce((sum, { data }) => sum + data.byteLength, 0);
    try {
      const status = api.Run(
        this.session, bytes < LARGE ? null : this.runtime.thenShrink, this.names.pointersTo(given), values(given, inputs), given.length,
        this.names.pointersTo(outputs), outputs.length, values(outputs, results));
      explained('run', () => this.runtime.check(status));
    } finally {
      made.forEach((value) => api.ReleaseValue(value));
    }
  }
}

/** Files that tensors lie in. */
function mappedFiles(tensors: Tensors): MappedFile[] {
  return [...new Set(Object.values(tensors).flatMap((tensor) => ('mapped' in tensor ? [tensor.mapped.file] : [])))];
}

/** @throws Problem that says for a person what ONNX Runtime could not do */
function explained<T>(what: Parameters<typeof runtimeFailure>[0], call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw runtimeFailure(what, cause);
  }
}

function empty({ name, dtype, shape }: Port, sizes: Sizes): Tensor {
  const whole = shape.map((dim) => {
    const size = typeof dim === 'string' ? sizes.get(dim) : dim;
    if (size === undefined) throw new Error(`no input tells the size "${dim}" of the output ${name}`);
    return size;
  });
  const elements = whole.reduce((product, dim) => product * dim, 1);
  return tensorOf(dtype, whole, new Uint8Array(elements * DTYPES[dtype].bytes));
}
