import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { OnnxGraph } from '../../graph/onnx/write.ts';
import { isOnDevice } from '../device/device-memory.ts';
import { withSizes } from '../open-sizes.ts';
import type { Bound, BoundInputs, BoundOutputs, Program, ProgramOptions, Tensors } from '../program.ts';
import { hostTensor, type StoredTensor, type Tensor, type TensorData } from '../tensor.ts';
import { runtimeFailure } from './failure.ts';

const LEVELS = { none: 'disabled', basic: 'basic', all: 'all' } as const;

/** Makes a program of ONNX Runtime's JavaScript interface, which copies every output: where the library cannot be called directly. */
export async function compile(graph: OnnxGraph, options: ProgramOptions, threads: number): Promise<Program> {
  return new BoundProgram(graph, await createSession(graph, options, threads));
}

async function createSession(graph: OnnxGraph, options: ProgramOptions, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph.bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    graphOptimizationLevel: LEVELS[options.optimize ?? 'basic'],
    // The arena keeps the largest step's memory for ever and asks for it in blocks that may pass 1 GiB.
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    ...(options.initializers ? { externalData: Object.entries(options.initializers).map(([path, tensor]) => ({ path, data: bytesOf(hostTensor(tensor).data) })) } : {}),
  }).catch((cause: unknown) => {
    throw runtimeFailure('make ready', cause);
  });
}

class BoundProgram implements Program {
  readonly graph: OnnxGraph;
  private readonly session: InferenceSession;

  constructor(graph: OnnxGraph, session: InferenceSession) {
    this.graph = graph;
    this.session = session;
  }

  async run(inputs: Tensors, into: Readonly<Record<string, Tensor>> = {}): Promise<Record<string, Tensor>> {
    const feeds = mapValues(withSizes(this.graph, inputs), toOrt);
    const fetches = Object.fromEntries(this.graph.outputs.map(({ name }) => [name, into[name] ? toOrt(into[name]) : null]));
    const results = await this.session.run(feeds, fetches).catch((cause: unknown) => { throw runtimeFailure('run', cause); });
    return Object.fromEntries(this.graph.outputs.map(({ name }) => [name, into[name] ?? fromOrt(results[name]!)]));
  }

  bind(inputs: BoundInputs, outputs: BoundOutputs): Bound {
    if ([...Object.values(inputs), ...Object.values(outputs)].some((tensor) => isOnDevice(tensor))) throw new Error('the JavaScript interface has no tensors of devices');
    return { run: async () => { await this.run(inputs as Tensors, outputs as Record<string, Tensor>); }, release: () => {} };
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function toOrt(tensor: StoredTensor): OrtTensor {
  const { dtype, data, shape } = hostTensor(tensor);
  return new OrtTensor(dtype as OrtTensor.Type, data as never, shape);
}

function fromOrt(tensor: OrtTensor): Tensor {
  return { dtype: tensor.type as Tensor['dtype'], shape: tensor.dims, data: tensor.data as Tensor['data'] };
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
