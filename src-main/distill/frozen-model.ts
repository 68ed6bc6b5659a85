import type { Compute } from '../contract/compute.ts';
import { DTYPES } from '../graph/dtype.ts';
import { halfProducts } from '../graph/precision.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Decoder } from '../nn/decoder.ts';
import type { WritingModel } from '../decode/speculative-writer.ts';
import type { DeviceMemory, DeviceTensor } from '../runtime/device/device-memory.ts';
import { OnDevice } from '../runtime/device/on-device.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { ProgramCache } from '../runtime/program-cache.ts';
import { tensorOf, type Tensor } from '../runtime/tensor.ts';
import { asInputs, hostWeights, type PlacedWeights } from '../runtime/weights.ts';
import { modelInputs, type MicroBatch } from './batch.ts';
import { bucketKey } from './bucket.ts';
import { hiddenGraph } from './hidden-graph.ts';
import type { Teacher } from './teacher.ts';

/** Programs kept for different shapes; a program holds no weights of its own. */
const PROGRAMS = 16;

export interface FrozenOptions {
  /** Of its weights, those that a device trains itself. */
  readonly own?: Readonly<Record<string, DeviceTensor>>;
  /** How it multiplies where it is asked for hidden states; it writes in float32. */
  readonly compute?: Compute;
  /** Called at its release, where nobody else has its weights. */
  readonly letGo?: () => void;
}

/**
 * A model that is asked for its distribution at positions of texts and never changed here: a teacher, or a student
 * that is being judged (its weights are views, so it is always the student as it is). On a device its weights lie there
 * from the first question on, and must then stay as they are, but for those that the device has by itself.
 */
export class FrozenModel implements Teacher {
  readonly executor: Executor;
  readonly decoder: Decoder;
  readonly weights: PlacedWeights;
  private readonly own: Readonly<Record<string, DeviceTensor>>;
  private readonly compute: Compute;
  private readonly letGo: () => void;
  private readonly programs = new ProgramCache<{ program: Program }>(PROGRAMS);
  /** Null until it is asked, and on the host. */
  private lasting: OnDevice | null = null;

  /** @param weights  of the host, or of the executor's memory */
  constructor(executor: Executor, decoder: Decoder, weights: PlacedWeights, { own = {}, compute = 'fp32', letGo = () => undefined }: FrozenOptions = {}) {
    this.executor = executor;
    this.decoder = decoder;
    this.weights = weights;
    this.own = own;
    this.compute = compute;
    this.letGo = letGo;
  }

  /** What it writes with, where it lies. */
  get voice(): WritingModel {
    return { executor: this.executor, decoder: this.decoder, weights: { ...this.weights, ...this.own } };
  }

  /** Last hidden states at the learned positions, [positions, width]. */
  async hidden(batch: MicroBatch): Promise<Tensor> {
    const { program } = await this.programs.get(bucketKey(batch.bucket), () => this.compile(batch));
    const { memory } = this.executor;
    if (!memory) {
      const { hidden } = await program.run({ ...modelInputs(batch), ...hostWeights(asInputs(this.weights, program.graph.parameters)) });
      return hidden!;
    }
    const { dtype, shape } = outputOf(program);
    const hidden = tensorOf(dtype, shape, new Uint8Array(sizeOf(shape) * DTYPES[dtype].bytes));
    await this.run(program, memory, batch, hidden);
    return hidden;
  }

  async hiddenIn(memory: DeviceMemory, batch: MicroBatch): Promise<Tensor | DeviceTensor> {
    if (this.executor.memory !== memory) return this.hidden(batch);
    const { program } = await this.programs.get(bucketKey(batch.bucket), () => this.compile(batch));
    const { dtype, shape } = outputOf(program);
    const hidden = memory.make(dtype, shape);
    try {
      await this.run(program, memory, batch, hidden);
      return hidden;
    } catch (error) {
      memory.release(hidden);
      throw error;
    }
  }

  /** Its weights are its own or somebody else's, and stay. */
  rest(): Promise<void> {
    return Promise.resolve();
  }

  async release(): Promise<void> {
    await this.programs.release();
    this.lasting?.release();
    this.lasting = null;
    this.letGo();
  }

  private async run(program: Program, memory: DeviceMemory, batch: MicroBatch, hidden: Tensor | DeviceTensor): Promise<void> {
    this.lasting ??= new OnDevice(memory);
    const { parameters } = program.graph;
    const brought = this.lasting.bringAll({ ...this.weights, ...this.own }, parameters);
    const bound = program.bind({ ...modelInputs(batch), ...brought }, { hidden });
    try {
      await bound.run();
    } finally {
      bound.release();
    }
  }

  private async compile({ bucket }: MicroBatch): Promise<{ program: Program }> {
    const { executor, decoder, compute } = this;
    const graph = hiddenGraph(decoder, bucket, { weights: 'inputs', dialect: executor.dialect }, halfProducts(compute, executor.multipliesHalves));
    return { program: await executor.compile(graph, { optimize: 'none', allowsTf32: compute === 'tf32' }) };
  }
}

function outputOf({ graph }: Program): { dtype: Tensor['dtype']; shape: readonly number[] } {
  const [{ dtype, shape }] = graph.outputs as [Program['graph']['outputs'][number]];
  return { dtype, shape: shape as readonly number[] };
}
