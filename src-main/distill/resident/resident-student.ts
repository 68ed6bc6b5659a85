import { DTYPES } from '../../graph/dtype.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { Decoder } from '../../nn/decoder.ts';
import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Executor, Program } from '../../runtime/program.ts';
import { ProgramCache } from '../../runtime/program-cache.ts';
import { tensorOf, type StoredTensor, type Tensor } from '../../runtime/tensor.ts';
import { asInputs } from '../../runtime/weights.ts';
import { modelInputs, type MicroBatch } from '../batch.ts';
import { bucketKey } from '../bucket.ts';
import { dropoutKeys } from '../dropout-keys.ts';
import { sideInputs } from '../head.ts';
import type { FrozenPart, Lesson, LossSettings, TeacherView } from '../student.ts';
import { gradientIn, gradientOut, trainGraph, type TrainGraph } from '../train-graph.ts';
import type { DeviceOptimizer } from './device-optimizer.ts';
import { OnDevice } from './on-device.ts';

/** Programs kept for different shapes; they hold no weights, but a device's plans of what they need in between. */
const PROGRAMS = 12;

/**
 * What `Student` is on the host, on a device: weights and gradients stay there, and of a step only the texts' ids, the
 * loss and what is told of each position cross.
 */
export class ResidentStudent {
  readonly decoder: Decoder;
  private readonly executor: Executor;
  private readonly optimizer: DeviceOptimizer;
  private readonly settings: LossSettings;
  private readonly frozen: FrozenPart | null;
  /** Weights beside the trained ones, and those of the teacher's head. */
  private readonly lasting: OnDevice;
  private readonly programs = new ProgramCache<TrainGraph & { program: Program }>(PROGRAMS);

  /** @param frozen  what else the decoder reads; null where all of it is trained */
  constructor(executor: Executor, decoder: Decoder, optimizer: DeviceOptimizer, settings: LossSettings, frozen: FrozenPart | null = null) {
    this.executor = executor;
    this.decoder = decoder;
    this.optimizer = optimizer;
    this.settings = settings;
    this.frozen = frozen;
    this.lasting = new OnDevice(optimizer.memory);
  }

  /** Adds the gradients of a micro-batch's loss to those so far. @param step  number of the update, which dropout is drawn for */
  async learn(batch: MicroBatch, teacher: TeacherView | null, step = 0): Promise<Lesson> {
    const { soFar, into } = this.optimizer.gradients();
    const { program, dense } = await this.programs.get(`${bucketKey(batch.bucket)} ${batch.advantages !== null} ${soFar !== null}`, () => this.compile(batch, teacher, soFar === null));
    const { graph } = program;
    const trained = this.optimizer.weights;
    const beside = this.frozen?.weights ?? {};
    const head = teacher ? sideInputs('teacher', teacher.hidden, teacher.head, graph.parameters) : {};
    const heads = new Set(graph.parameters.map(({ name }) => name));
    const inputs: Record<string, StoredTensor | DeviceTensor> = {
      ...modelInputs(batch), targets: batch.targets, weights: batch.weights,
      ...(batch.advantages && { advantages: batch.advantages }),
      ...(typeof this.frozen?.seed === 'number' && dropoutKeys(batch, this.frozen.seed, step)),
      ...Object.fromEntries(Object.entries(head).map(([name, tensor]) => [name, heads.has(name) ? this.lasting.bring(tensor) : tensor])),
      ...Object.fromEntries(Object.entries(asInputs(beside, graph.parameters.filter(({ name }) => beside[name]))).map(([name, tensor]) => [name, this.lasting.bring(tensor)])),
      ...Object.fromEntries(graph.parameters.filter(({ name }) => trained[name]).map(({ name }) => [name, trained[name]!])),
    };
    const outputs: Record<string, Tensor | DeviceTensor> = Object.fromEntries(dense.map((name) => [gradientOut(name), into[name]!]));
    const told: Record<string, Tensor> = {};
    for (const { name, dtype, shape } of graph.outputs) {
      if (outputs[name]) continue;
      outputs[name] = told[name] = tensorOf(dtype, shape as readonly number[], new Uint8Array(sizeOf(shape) * DTYPES[dtype].bytes));
    }
    if (soFar) for (const name of dense) inputs[gradientIn(name)] = soFar[name]!;
    const bound = program.bind(inputs, outputs);
    try {
      await bound.run();
    } finally {
      bound.release();
    }
    this.optimizer.added();
    const read = (name: string): Float32Array => told[name]!.data as Float32Array;
    return { loss: read('loss')[0]!, told: (name) => (told[name] ? read(name) : null) };
  }

  async release(): Promise<void> {
    await this.programs.release();
    this.lasting.release();
  }

  private async compile({ bucket, advantages }: MicroBatch, teacher: TeacherView | null, isFirst: boolean): Promise<TrainGraph & { program: Program }> {
    const { method, sharedVocabulary, chunk, recompute = false } = this.settings;
    const graph = trainGraph(this.frozen?.training ?? this.decoder, this.optimizer.tensors, bucket, {
      ...method, sharedVocabulary, chunk, recompute, teacher: teacher && teacher.head.decoder, isPolicyGradient: advantages !== null, dialect: this.executor.dialect,
      gradients: isFirst ? 'alone' : 'whole',
    });
    return { ...graph, program: await this.executor.compile(graph.onnx, { optimize: 'none' }) };
  }
}
