import koffi from 'koffi';
import type { OnnxGraph } from '../../src-main/graph/onnx/write.ts';
import type { Pointer, Status } from '../../src-main/runtime/ort/native/api.ts';
import { CNames, cString, pointersTo } from '../../src-main/runtime/ort/native/c-memory.ts';
import { OrtRuntime } from '../../src-main/runtime/ort/native/runtime.ts';
import type { Executor, Program, ProgramOptions, Tensors } from '../../src-main/runtime/program.ts';
import { hostTensor, tensorOf, type Tensor } from '../../src-main/runtime/tensor.ts';
import { DTYPES } from '../../src-main/graph/dtype.ts';
import { openSizes, withSizes, type Sizes } from '../../src-main/runtime/open-sizes.ts';

const OPTIONS = { enableInt64: '1', preserveDevice: '1' };
const LOG_FATAL = 4;
const APPEND_PROVIDER = 216;

let shared: { runtime: OrtRuntime; append(options: Pointer, name: string, keys: BigUint64Array, values: BigUint64Array, count: number): Status } | undefined;

function open(): NonNullable<typeof shared> {
  if (shared) return shared;
  const runtime = new OrtRuntime();
  const base = runtime.library.func('OrtGetApiBase', 'void *', [])() as Pointer;
  const [getApi] = koffi.decode(base, koffi.array('void *', 1, 'Array')) as [Pointer];
  const table = koffi.call(getApi, koffi.proto('void *', ['uint32']), 23) as Pointer;
  const functions = koffi.decode(table, koffi.array('void *', APPEND_PROVIDER + 1, 'Array')) as Pointer[];
  const append = koffi.decode(functions[APPEND_PROVIDER], koffi.proto('void *', ['void *', 'str', 'void *', 'void *', 'size_t'])) as NonNullable<typeof shared>['append'];
  return shared = { runtime, append };
}

/**
 * The device's WebGPU provider alone: making a program fails where any operator of its graph would run on the CPU.
 * Inputs and outputs are of this process's memory.
 */
export function strictWebgpu(): Executor {
  return { device: 'webgpu', memory: null, readsStored: false, signsBytes: false, multipliesHalves: true, cachedAttention: 'uncapped', captures: false, dialect: 'webgpu', compile: async (graph, options = {}) => new StrictProgram(graph, options), giveBack: () => {} };
}

class StrictProgram implements Program {
  readonly graph: OnnxGraph;
  private readonly session: Pointer;
  private readonly names: CNames;
  /** Read by the session while it is made. */
  readonly initializers: Tensors;

  constructor(graph: OnnxGraph, { initializers = {} }: ProgramOptions) {
    this.graph = graph;
    this.initializers = initializers;
    this.session = createSession(graph, initializers);
    this.names = new CNames([...graph.inputs, ...graph.sizes, ...graph.parameters, ...graph.outputs].map(({ name }) => name));
  }

  async run(given: Tensors, into: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, Tensor>> {
    const { runtime } = open();
    const { outputs } = this.graph;
    const inputs = withSizes(this.graph, given);
    const ports = [...this.graph.inputs, ...this.graph.sizes, ...this.graph.parameters].filter(({ name }) => inputs[name]);
    const sizes = openSizes(this.graph.inputs, inputs);
    const results = Object.fromEntries(outputs.map((port) => [port.name, into[port.name] ?? empty(port, sizes)]));
    const values = (names: readonly { name: string }[], of: Tensors): BigUint64Array => BigUint64Array.from(names, ({ name }) => runtime.value(hostTensor(of[name]!)));
    const [read, written] = [values(ports, inputs), values(outputs, results)];
    try {
      runtime.check(runtime.api.Run(this.session, null, this.names.pointersTo(ports), read, ports.length, this.names.pointersTo(outputs), outputs.length, written));
    } finally {
      for (const value of [...read, ...written]) runtime.api.ReleaseValue(value);
    }
    return results;
  }

  bind(): never {
    throw new Error('a strict program has tensors of the host alone');
  }

  async release(): Promise<void> {
    open().runtime.api.ReleaseSession(this.session);
  }
}

function createSession(graph: OnnxGraph, initializers: Tensors): Pointer {
  const { runtime, append } = open();
  const { api } = runtime;
  const options = runtime.made((out) => api.CreateSessionOptions(out));
  const [keys, values] = [Object.keys(OPTIONS).map(cString), Object.values(OPTIONS).map(cString)];
  const used = graph.parameters.filter(({ name }) => initializers[name]);
  const names = used.map(({ name }) => cString(name));
  const held = used.map(({ name }) => runtime.value(hostTensor(initializers[name]!)));
  try {
    runtime.check(api.SetSessionLogSeverityLevel(options, LOG_FATAL));
    runtime.check(api.SetSessionGraphOptimizationLevel(options, 0));
    runtime.check(api.AddSessionConfigEntry(options, 'session.disable_cpu_ep_fallback', '1'));
    runtime.check(append(options, 'WebGPU', pointersTo(keys), pointersTo(values), keys.length));
    if (used.length > 0) {
      runtime.check(api.AddExternalInitializers(options, pointersTo(names), BigUint64Array.from(held), used.length));
      used.forEach(({ name }, at) => runtime.check(api.AddInitializer(options, name, held[at]!)));
    }
    return runtime.made((out) => api.CreateSessionFromArray(runtime.env, graph.bytes, graph.bytes.byteLength, options, out));
  } finally {
    api.ReleaseSessionOptions(options);
    held.forEach((value) => api.ReleaseValue(value));
  }
}

function empty({ name, dtype, shape }: OnnxGraph['outputs'][number], sizes: Sizes): Tensor {
  const whole = shape.map((dim) => {
    const size = typeof dim === 'string' ? sizes.get(dim) : dim;
    if (size === undefined) throw new Error(`no input tells the size "${dim}" of the output ${name}`);
    return size;
  });
  return tensorOf(dtype, whole, new Uint8Array(whole.reduce((product, dim) => product * dim, DTYPES[dtype].bytes)));
}
