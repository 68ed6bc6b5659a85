import { writeOnnx, type OnnxGraph } from '../graph/onnx/write.ts';
import { Graph } from '../graph/value.ts';
import type { Encoder } from '../nn/decoder.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { ProgramCache } from '../runtime/program-cache.ts';
import { HostCopies } from '../runtime/device/host-copies.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { MicroBatch, TrainingExample } from './batch.ts';
import type { FrozenModel } from './frozen-model.ts';
import { givenSide, sideInputs } from './head.ts';
import type { Teacher } from './teacher.ts';
import { tokenLoss, type TokenLossSpec } from './token-loss.ts';

const PROGRAMS = 16;

/** What is told of every position of a batch, by the names `TokenLoss` lists. */
export type Judgement = Readonly<Record<string, Float32Array | BigInt64Array>>;

/** Says of every token of given texts how far a student is from its teacher there, without learning. */
export class Judge {
  private readonly executor: Executor;
  private readonly student: FrozenModel;
  private readonly teacher: Teacher | null;
  private readonly spec: TokenLossSpec;
  private readonly programs = new ProgramCache<{ program: Program }>(PROGRAMS);
  /** Of the models' output layers, where they lie on a device. */
  private readonly copies = new HostCopies();

  /** @param executor  runs the loss; the models bring their own */
  constructor(executor: Executor, student: FrozenModel, teacher: Teacher | null, spec: TokenLossSpec) {
    this.executor = executor;
    this.student = student;
    this.teacher = teacher;
    this.spec = spec;
  }

  /** How texts have to be laid out for the models. */
  get encoder(): Encoder | null {
    return this.student.decoder.encoder;
  }

  /** @param teacherStates  where the teacher has been asked about the batch already */
  async judge(batch: MicroBatch, teacherStates?: Tensor): Promise<Judgement> {
    const { positions } = batch.bucket;
    const { program } = await this.programs.get(String(positions), async () => ({
      program: await this.executor.compile(this.graph(positions), { optimize: 'none' }),
    }));
    const { parameters } = program.graph;
    const outputs = await program.run({
      targets: batch.targets,
      ...this.copies.of(sideInputs('student', await this.student.hidden(batch), this.student, parameters)),
      ...(this.teacher && this.copies.of(sideInputs('teacher', teacherStates ?? await this.teacher.hidden(batch), this.teacher, parameters))),
    });
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array | BigInt64Array]));
  }

  /** As the teacher's own. */
  compared(text: TrainingExample): Uint8Array | null {
    return this.teacher?.compared?.(text) ?? null;
  }

  release(): Promise<void> {
    return this.programs.release();
  }

  private graph(positions: number): OnnxGraph {
    const graph = new Graph();
    const { told } = tokenLoss({
      student: givenSide(graph, 'student', this.student.decoder, positions),
      teacher: this.teacher && givenSide(graph, 'teacher', this.teacher.decoder, positions),
      targets: graph.input('targets', 'int32', [positions]),
      // Nothing is summed here; every position counts alike.
      weights: graph.constant('float32', [positions], new Float32Array(positions).fill(1)),
    }, this.spec);
    return writeOnnx(told, { weights: 'inputs', dialect: this.executor.dialect });
  }
}
