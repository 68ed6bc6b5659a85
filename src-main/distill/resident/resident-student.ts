import { halfProducts } from '../../graph/precision.ts';
import type { Decoder } from '../../nn/decoder.ts';
import { isOnDevice, type DeviceMemory } from '../../runtime/device/device-memory.ts';
import { OnDevice } from '../../runtime/device/on-device.ts';
import { inMoves } from '../../runtime/in-moves.ts';
import type { BoundInputs, BoundOutputs, Executor, Program } from '../../runtime/program.ts';
import { ProgramCache } from '../../runtime/program-cache.ts';
import { float32 } from '../../runtime/tensor.ts';
import type { PlacedWeights } from '../../runtime/weights.ts';
import { modelInputs, type MicroBatch } from '../batch.ts';
import { bucketKey } from '../bucket.ts';
import { dropoutKeys } from '../dropout-keys.ts';
import { sideInputs } from '../head.ts';
import type { Learner, Lesson, TeacherView } from '../learner.ts';
import type { FrozenPart, LossSettings, ShippedPart } from '../student.ts';
import { gradientIn, gradientOut, LOSS_SCALE, trainGraph, type TrainGraph } from '../train-graph.ts';
import type { DeviceOptimizer } from './device-optimizer.ts';
import { ShippedOnDevice } from './shipped-on-device.ts';
import { ToldPlaces, WaitingLesson } from './waiting-lesson.ts';

/** Programs kept for different shapes; they hold no weights, but a device's plans of what they need in between. */
const PROGRAMS = 12;

/** What a student is made of beside what is trained. */
interface LearnedParts {
  /** What else the decoder reads; null where all of it is trained. */
  readonly frozen?: FrozenPart | null;
  /** What the decoder reads in place of trained weights, rounded beside them; null where it reads these. */
  readonly shipped?: ShippedPart | null;
}

/**
 * What `Student` is on the host, on a device: weights and gradients stay there, and of a step only the texts' ids, the
 * loss and what is told of each position cross.
 */
export class ResidentStudent implements Learner {
  readonly decoder: Decoder;
  readonly weights: PlacedWeights;
  readonly changing: ReadonlySet<string> | undefined;
  readonly memory: DeviceMemory;
  readonly home: Learner['home'];
  private readonly executor: Executor;
  private readonly optimizer: DeviceOptimizer;
  private readonly settings: LossSettings;
  private readonly frozen: FrozenPart | null;
  /** As the train graph computes the model. */
  private readonly training: Decoder;
  private readonly shipped: ShippedOnDevice | null;
  /** Weights beside the trained ones, and those of the teacher's head. */
  private readonly lasting: OnDevice;
  private readonly programs = new ProgramCache<TrainGraph & { program: Program }>(PROGRAMS);
  private readonly told: ToldPlaces;

  private constructor(executor: Executor, decoder: Decoder, optimizer: DeviceOptimizer, settings: LossSettings, { frozen = null, shipped = null }: LearnedParts, rounding: ShippedOnDevice | null) {
    this.executor = executor;
    this.decoder = decoder;
    this.optimizer = optimizer;
    this.memory = optimizer.memory;
    this.settings = settings;
    this.frozen = frozen;
    this.training = (frozen ?? shipped)?.training ?? decoder;
    this.shipped = rounding;
    this.lasting = new OnDevice(optimizer.memory);
    this.told = new ToldPlaces(optimizer.memory);
    const { weights } = optimizer.mirror;
    this.weights = shipped ? shipped.weights.inPlaceOf(weights) : { ...frozen?.weights, ...weights };
    if (frozen) this.changing = new Set(optimizer.tensors.map(({ name }) => name));
    this.home = { executor, own: { ...this.shipped?.weights, ...optimizer.weights } };
  }

  /** @throws Problem where the device has no room */
  static async open(executor: Executor, decoder: Decoder, optimizer: DeviceOptimizer, settings: LossSettings, parts: LearnedParts = {}): Promise<ResidentStudent> {
    return inMoves(async (keep) => {
      const rounding = parts.shipped ? keep(await ShippedOnDevice.open(executor, parts.shipped.weights, optimizer)) : null;
      const student = new ResidentStudent(executor, decoder, optimizer, settings, parts, rounding);
      await student.updated();
      return student;
    });
  }

  refresh(): void {
    this.optimizer.mirror.refresh();
    this.shipped?.refresh();
  }

  async updated(): Promise<void> {
    await this.shipped?.update();
  }

  async learn(batch: MicroBatch, teacher: TeacherView | null, step: number, lossScale = 1): Promise<Lesson> {
    const { soFar, into } = this.optimizer.gradients();
    const { program, dense } = await this.programs.get(`${bucketKey(batch.bucket)} ${batch.advantages !== null} ${soFar !== null}`, () => this.compile(batch, teacher, soFar === null));
    const { graph } = program;
    const own = Object.fromEntries(dense.map((name) => [gradientOut(name), into[name]!]));
    const lesson = new WaitingLesson(this.told, new Map(graph.outputs.flatMap(({ name, shape }) => (own[name] ? [] : [[name, shape as readonly number[]]]))));
    const gradients = soFar ? Object.fromEntries(dense.map((name) => [gradientIn(name), soFar[name]!])) : {};
    try {
      await run(program, { ...this.texts(batch, step), [LOSS_SCALE]: float32(Float32Array.of(lossScale), []), ...this.read(program, teacher), ...gradients }, { ...own, ...lesson.outputs });
    } catch (error) {
      lesson.release();
      throw error;
    }
    this.optimizer.added();
    return lesson;
  }

  async release(): Promise<void> {
    await this.programs.release();
    this.told.release();
    this.lasting.release();
    await this.shipped?.release();
  }

  /** What crosses to the device. */
  private texts(batch: MicroBatch, step: number): BoundInputs {
    return {
      ...modelInputs(batch), targets: batch.targets, weights: batch.weights,
      ...(batch.advantages && { advantages: batch.advantages }),
      ...(typeof this.frozen?.seed === 'number' && dropoutKeys(batch, this.frozen.seed, step)),
    };
  }

  /** What is there, but for a teacher's hidden states that come from elsewhere. */
  private read({ graph: { parameters } }: Program, teacher: TeacherView | null): BoundInputs {
    const { own: here } = this.home;
    const side = teacher ? sideInputs('teacher', teacher.hidden, teacher.head, parameters) : {};
    return {
      ...Object.fromEntries(Object.entries(side).map(([name, tensor]) => [name, isOnDevice(tensor) || tensor === teacher?.hidden ? tensor : this.lasting.bring(tensor)])),
      ...this.lasting.bringAll(this.frozen?.weights ?? {}, parameters),
      ...Object.fromEntries(parameters.flatMap(({ name }) => (here[name] ? [[name, here[name]] as const] : []))),
    };
  }

  private async compile({ bucket, advantages }: MicroBatch, teacher: TeacherView | null, isFirst: boolean): Promise<TrainGraph & { program: Program }> {
    const { method, sharedVocabulary, chunk, recompute = false, compute = 'fp32' } = this.settings;
    const graph = trainGraph(this.training, this.optimizer.tensors, bucket, {
      ...method, sharedVocabulary, chunk, recompute, teacher: teacher && teacher.head.decoder, isPolicyGradient: advantages !== null, dialect: this.executor.dialect,
      gradients: isFirst ? 'alone' : 'whole', products: halfProducts(compute, this.executor.multipliesHalves),
    });
    return { ...graph, program: await this.executor.compile(graph.onnx, { optimize: 'none', allowsTf32: compute === 'tf32' }) };
  }
}

async function run(program: Program, inputs: BoundInputs, outputs: BoundOutputs): Promise<void> {
  const bound = program.bind(inputs, outputs);
  try {
    await bound.run();
  } finally {
    bound.release();
  }
}
