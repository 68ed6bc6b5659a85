import type { Compute } from '../contract/compute.ts';
import type { Method } from '../contract/presets.ts';
import { halfProducts } from '../graph/precision.ts';
import type { Decoder } from '../nn/decoder.ts';
import { isOnDevice } from '../runtime/device/device-memory.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { ProgramCache } from '../runtime/program-cache.ts';
import { float32, type StoredTensor, type Tensor } from '../runtime/tensor.ts';
import { asInputs, hostWeights, type HostWeights, type PlacedWeights, type Weights } from '../runtime/weights.ts';
import { modelInputs, type MicroBatch } from './batch.ts';
import { bucketKey } from './bucket.ts';
import { dropoutKeys } from './dropout-keys.ts';
import { sideInputs } from './head.ts';
import type { Learner, Lesson, TeacherView } from './learner.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { ShippedWeights } from './shipping/shipped-weights.ts';
import { gradientIn, gradientOut, LOSS_SCALE, trainGraph, type TrainGraph } from './train-graph.ts';

/** Programs kept for different shapes; they hold no weights. */
const PROGRAMS = 24;

export interface LossSettings {
  method: Pick<Method, 'divergence' | 'beta' | 'normalizeBeta' | 'lossTemperature'>;
  sharedVocabulary: number;
  chunk: number;
  /** As in `TrainGraphSpec`; false if left out. */
  recompute?: boolean;
  /** As in a recipe; "fp32" if left out. */
  compute?: Compute;
}

/** What lies beside trained weights and stays as it is, and how a step reads it. */
export interface FrozenPart {
  weights: PlacedWeights;
  /** As the train graph computes the model; with dropout, which nothing else has. */
  training: Decoder;
  /** Draws the dropout; null without. */
  seed: number | null;
}

/** What a student's file will have in place of its weights, and how a step computes with that. */
export interface ShippedPart {
  weights: ShippedWeights;
  /** As the train graph computes the model: what flows back goes to the exact weights. */
  training: Decoder;
}

/**
 * The model that learns: its trained weights and their gradients lie in the optimizer's memory, where train graphs use
 * them in place. That is all of the model, or what stands beside its frozen weights.
 */
export class Student implements Learner {
  readonly decoder: Decoder;
  /** The trained weights themselves, or what stands for them. */
  readonly weights: Weights;
  readonly changing: ReadonlySet<string> | undefined;
  readonly memory = null;
  readonly home: Learner['home'];
  private readonly executor: Executor;
  private readonly optimizer: Optimizer;
  private readonly settings: LossSettings;
  private readonly gradients: HostWeights;
  private readonly frozen: FrozenPart | null;
  private readonly shipped: ShippedPart | null;
  /** What a step may read: all there is. */
  private readonly read: Weights;
  private readonly programs = new ProgramCache<TrainGraph & { program: Program }>(PROGRAMS);

  /**
   * @param optimizer  of all that is trained, with room for the gradient rows of the largest micro-batch
   * @param frozen     what else the decoder reads; null where all of it is trained
   * @param shipped    what the decoder reads in place of trained weights; null where it reads these
   */
  constructor(executor: Executor, decoder: Decoder, optimizer: Optimizer, settings: LossSettings, { frozen = null, shipped = null }: { frozen?: FrozenPart | null; shipped?: ShippedPart | null } = {}) {
    this.executor = executor;
    this.home = { executor, own: {} };
    this.decoder = decoder;
    this.optimizer = optimizer;
    this.settings = settings;
    this.frozen = frozen;
    this.shipped = shipped;
    const views = (view: (name: string) => Float32Array): HostWeights =>
      Object.fromEntries(optimizer.tensors.map(({ name, shape }) => [name, float32(view(name), shape)]));
    const exact = views((name) => optimizer.weights(name));
    this.read = { ...hostWeights(frozen?.weights ?? {}), ...shipped?.weights.weights, ...exact };
    this.weights = shipped ? shipped.weights.inPlaceOf(exact) : this.read;
    if (frozen) this.changing = new Set(optimizer.tensors.map(({ name }) => name));
    this.gradients = views((name) => optimizer.gradients(name));
    this.shipped?.weights.update();
  }

  refresh(): void {}

  async updated(): Promise<void> {
    this.shipped?.weights.update();
  }

  async learn(batch: MicroBatch, teacher: TeacherView | null, step = 0, lossScale = 1): Promise<Lesson> {
    if (teacher && isOnDevice(teacher.hidden)) throw new Error('hidden states on a device, for a student of the host');
    const { program, dense, rows } = await this.programs.get(`${bucketKey(batch.bucket)}${batch.advantages ? ' with advantages' : ''}`, () => this.compile(batch, teacher));
    const inputs: Record<string, StoredTensor> = {
      ...modelInputs(batch), targets: batch.targets, weights: batch.weights,
      ...(batch.advantages && { advantages: batch.advantages }),
      [LOSS_SCALE]: float32(Float32Array.of(lossScale), []),
      ...(typeof this.frozen?.seed === 'number' && dropoutKeys(batch, this.frozen.seed, step)),
      ...asInputs(this.read, program.graph.parameters.filter(({ name }) => this.read[name])),
      ...(teacher && sideInputs('teacher', teacher.hidden, { weights: hostWeights(teacher.head.weights) }, program.graph.parameters)),
    };
    const into: Record<string, Tensor> = {};
    for (const name of dense) {
      inputs[gradientIn(name)] = this.gradients[name]!;
      into[gradientOut(name)] = this.gradients[name]!;
    }
    for (const { parameter, rows: output } of rows) {
      const { shape } = program.graph.outputs.find(({ name }) => name === output)!;
      const [count, width] = shape as [number, number];
      into[output] = float32(this.optimizer.gradientRows(parameter).subarray(0, count * width), [count, width]);
    }
    const outputs = await program.run(inputs, into);
    for (const { parameter, ids } of rows) this.optimizer.addGradientRows(parameter, outputs[ids]!.data as Int32Array);
    const read = (name: string): Float32Array => outputs[name]!.data as Float32Array;
    return { loss: read('loss')[0]!, told: (name) => (outputs[name] ? read(name) : null) };
  }

  release(): Promise<void> {
    return this.programs.release();
  }

  private async compile({ bucket, advantages }: MicroBatch, teacher: TeacherView | null): Promise<TrainGraph & { program: Program }> {
    const { method, sharedVocabulary, chunk, recompute = false, compute = 'fp32' } = this.settings;
    const graph = trainGraph((this.frozen ?? this.shipped)?.training ?? this.decoder, this.optimizer.tensors, bucket, {
      ...method, sharedVocabulary, chunk, recompute, teacher: teacher && teacher.head.decoder, isPolicyGradient: advantages !== null, dialect: this.executor.dialect,
      products: halfProducts(compute, this.executor.multipliesHalves),
    });
    return { ...graph, program: await this.executor.compile(graph.onnx, { optimize: 'none', allowsTf32: compute === 'tf32' }) };
  }
}
