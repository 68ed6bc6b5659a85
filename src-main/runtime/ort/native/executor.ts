import { setImmediate as otherWork } from 'node:timers/promises';
import type { OrtDevice } from '../../../contract/divergence.ts';
import { Problem } from '../../../contract/problem.ts';
import { DTYPES } from '../../../graph/dtype.ts';
import type { OnnxGraph, Port } from '../../../graph/onnx/write.ts';
import { isOnDevice } from '../../device/device-memory.ts';
import type { MappedFile } from '../../mapping/mapped-file.ts';
import { leavesNothing } from '../../large-run.ts';
import { inputPorts, openSizes, withSizes, type Sizes } from '../../open-sizes.ts';
import type { Bound, BoundInputs, BoundOutputs, Executor, Program, ProgramOptions, Tensors } from '../../program.ts';
import { bytesOf, tensorOf, type StoredTensor, type Tensor } from '../../tensor.ts';
import { failureOn } from '../device-failure.ts';
import type { runtimeFailure } from '../failure.ts';
import type { Pointer } from './api.ts';
import { BoundProgram } from './bound-program.ts';
import { CNames } from './c-memory.ts';
import { ProviderMemory } from './device-memory.ts';
import { NativeMemory } from './native-memory.ts';
import { OrtRuntime } from './runtime.ts';
import { createSession, type Where } from './session.ts';
import { shrinkArena } from './shrink-arena.ts';
import { addsSignedBytes } from './signed-bytes.ts';
import { StandInMemory } from './stand-in-memory.ts';

/** CUDA's GroupQueryAttention has kernels for half precision alone. */
const CACHED_ATTENTION: Readonly<Record<OrtDevice, Executor['cachedAttention']>> = { cpu: 'whole', webgpu: 'uncapped', cuda: 'none' };

let runtime: OrtRuntime | undefined;
/** Of this processor, once it has been asked. */
let isSigned: boolean | undefined;
/** Of each device: a process has one. */
const memories = new Map<OrtDevice, NativeMemory>();

/**
 * ONNX Runtime by its C interface, for which inputs and outputs are the caller's own memory, or a device's. Its
 * JavaScript interface copies every output: at each token the whole KV cache, at each step every gradient.
 *
 * @throws Error where the library cannot be loaded
 */
export function nativeExecutor(threads: number, device: OrtDevice = 'cpu'): Executor {
  const shared = runtime ??= new OrtRuntime();
  const memory = (): NativeMemory | null => (device === 'cpu' ? null : kept(device, () => new NativeMemory(new ProviderMemory(shared, device))));
  return {
    device, readsStored: device === 'cpu', multipliesHalves: device !== 'cpu', cachedAttention: CACHED_ATTENTION[device], captures: device === 'webgpu', dialect: device === 'webgpu' ? 'webgpu' : 'onnxruntime',
    get signsBytes() { return device === 'cpu' && (isSigned ??= addsSignedBytes(shared)); },
    get memory() { return memory(); },
    compile: async (graph, options = {}) => new NativeProgram(shared, graph, options, { device, threads }, memory()),
    giveBack: () => shrinkArena(shared),
  };
}

/** How often a device that stands in for another makes the first run of what is captured. */
const FIRST_RUNS = 3;

/** What goes wrong on a device that stands in for another. */
export interface Trouble {
  /** Bytes that its memory has room for. */
  room?: number | undefined;
  /** Asked within each run: what it throws is what the driver says. */
  onRun?: (() => void) | undefined;
}

/**
 * The CPU with memories of its own, in software and to the bit: what stands for a graphics card where there is none.
 * It has the graphs of `device`, whose operators all compute here as well.
 */
export function standInExecutor(threads: number, device: Exclude<OrtDevice, 'cpu'> = 'webgpu', { room, onRun }: Trouble = {}): Executor {
  const shared = runtime ??= new OrtRuntime();
  const memory = new NativeMemory(new StandInMemory(shared, device, room));
  return {
    device, readsStored: false, signsBytes: false, multipliesHalves: false, cachedAttention: CACHED_ATTENTION[device], captures: device === 'webgpu', dialect: nativeExecutor(threads, device).dialect, memory,
    compile: async (graph, options = {}) => new NativeProgram(shared, graph, options, { device: 'cpu', threads }, memory, { device, onRun, firstRuns: FIRST_RUNS }),
    giveBack: () => shrinkArena(shared),
  };
}

function kept(device: OrtDevice, make: () => NativeMemory): NativeMemory {
  const memory = memories.get(device) ?? make();
  memories.set(device, memory);
  return memory;
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
  private readonly device: OrtDevice;
  private readonly onRun: (() => void) | undefined;
  private readonly memory: NativeMemory | null;
  private readonly isCaptured: boolean;
  private readonly firstRuns: number;
  private isBound = false;

  /** @param standsFor  the device that its failures are told of, where that is another, and how often that makes a first run that is captured */
  constructor(shared: OrtRuntime, graph: OnnxGraph, options: ProgramOptions, where: Where, memory: NativeMemory | null, standsFor: { device: OrtDevice; onRun?: (() => void) | undefined; firstRuns?: number } = where) {
    this.graph = graph;
    this.runtime = shared;
    this.initializers = options.initializers;
    this.files = mappedFiles(options.initializers ?? {});
    this.device = standsFor.device;
    this.onRun = standsFor.onRun;
    this.memory = memory;
    this.isCaptured = options.captured ?? false;
    this.firstRuns = this.isCaptured ? standsFor.firstRuns ?? 1 : 1;
    this.session = this.explained('make ready', () => createSession(shared, graph, options, where));
    this.names = new CNames([...inputPorts(graph), ...graph.parameters, ...graph.outputs].map(({ name }) => name));
  }

  async run(given: Tensors, into: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, Tensor>> {
    const { parameters, outputs } = this.graph;
    const ports = inputPorts(this.graph);
    const inputs = withSizes(this.graph, given);
    const missing = ports.find(({ name }) => !inputs[name]);
    if (missing) throw new Error(`the input "${missing.name}" is not given`);
    const used = [...ports, ...parameters.filter(({ name }) => inputs[name])];
    const sizes = openSizes(used, inputs);
    const results = Object.fromEntries(outputs.map((port) => [port.name, into[port.name] ?? empty(port, sizes)]));
    // The thread computes from here to the end: whoever waits for it has a turn before.
    await otherWork();
    this.compute(used, inputs, results);
    return results;
  }

  bind(inputs: BoundInputs, outputs: BoundOutputs): Bound {
    const { runtime: shared, graph, memory } = this;
    if (this.isCaptured) this.checkCaptured({ ...inputs, ...outputs });
    return new BoundProgram({
      runtime: shared, session: this.open(), graph, memory, firstRuns: this.firstRuns,
      check: () => { this.open(); for (const file of new Set([...mappedFiles(inputs), ...this.files])) file.check(); },
      explained: (call) => this.explained('run', call),
    }, withSizes(graph, inputs), outputs);
  }

  /** What is captured reads and writes the places of its first run, whatever it is bound to later, and none of the host's. */
  private checkCaptured(tensors: BoundInputs): void {
    const onHost = Object.keys(tensors).find((name) => !isOnDevice<StoredTensor>(tensors[name]!));
    if (onHost !== undefined) throw new Error(`"${onHost}" is a tensor of the host, for a program that is captured`);
    if (this.isBound) throw new Error('a program that is captured is bound once');
    this.isBound = true;
  }

  async release(): Promise<void> {
    if (this.session !== null) this.runtime.api.ReleaseSession(this.session);
    this.session = null;
  }

  private open(): Pointer {
    if (this.session === null) throw new Error('the program has been released');
    return this.session;
  }

  /** @throws Problem that says for a person what ONNX Runtime could not do */
  private explained<T>(what: Parameters<typeof runtimeFailure>[0], call: () => T): T {
    try {
      if (what === 'run') this.onRun?.();
      return call();
    } catch (cause) {
      throw cause instanceof Problem ? cause : failureOn(this.device, what, cause);
    }
  }

  private compute(given: readonly Port[], inputs: Tensors, results: Readonly<Record<string, Tensor>>): void {
    const { api } = this.runtime;
    const { outputs } = this.graph;
    const session = this.open();
    for (const file of new Set([...mappedFiles(inputs), ...this.files])) file.check();
    const made: Pointer[] = [];
    const values = (ports: readonly Port[], tensors: Tensors): BigUint64Array => BigUint64Array.from(ports, ({ name }) => {
      const value = this.runtime.value(tensors[name]!);
      made.push(value);
      return value;
    });
    const size = { given: total(given.map(({ name }) => inputs[name]!)), results: total(Object.values(results)), isOften: this.initializers !== undefined };
    try {
      const status = api.Run(
        session, leavesNothing(size) ? this.runtime.thenShrink : null, this.names.pointersTo(given), values(given, inputs), given.length,
        this.names.pointersTo(outputs), outputs.length, values(outputs, results));
      this.explained('run', () => this.runtime.check(status));
      if (this.memory) {
        this.memory.crossed.toDevice += size.given;
        this.memory.crossed.toHost += size.results;
      }
    } finally {
      made.forEach((value) => api.ReleaseValue(value));
    }
  }
}

const total = (tensors: readonly StoredTensor[]): number => tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);

/** Files that tensors lie in. */
function mappedFiles(tensors: BoundInputs): MappedFile[] {
  return [...new Set(Object.values(tensors).flatMap((tensor) => ('mapped' in tensor ? [tensor.mapped.file] : [])))];
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
