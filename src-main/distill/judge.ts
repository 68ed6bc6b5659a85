import { writeOnnx, type OnnxGraph } from '../graph/onnx/write.ts';
import { Graph, type Value } from '../graph/value.ts';
import type { Encoder } from '../nn/decoder.ts';
import type { Executor, Program } from '../runtime/program.ts';
import { ProgramCache } from '../runtime/program-cache.ts';
import type { MicroBatch } from './batch.ts';
import type { FrozenModel } from './frozen-model.ts';
import { tokenLoss, type TokenLossSpec } from './token-loss.ts';

const PROGRAMS = 16;

/** What is told of every position of a batch, by the names `TokenLoss` lists. */
export type Judgement = Readonly<Record<string, Float32Array | BigInt64Array>>;

/** Says of every token of given texts how far a student is from its teacher there, without learning. */
export class Judge {
  private readonly executor: Executor;
  private readonly student: FrozenModel;
  private readonly teacher: FrozenModel | null;
  private readonly spec: TokenLossSpec;
  private readonly programs = new ProgramCache<{ program: Program }>(PROGRAMS);

  /** @param executor  runs the loss; the models bring their own */
  constructor(executor: Executor, student: FrozenModel, teacher: FrozenModel | null, spec: TokenLossSpec) {
    this.executor = executor;
    this.student = student;
    this.teacher = teacher;
    this.spec = spec;
  }

  /** How texts have to be laid out for the models. */
  get encoder(): Encoder | null {
    return this.student.decoder.encoder;
  }

  async judge(batch: MicroBatch): Promise<Judgement> {
    const { positions } = batch.bucket;
    const { program } = await this.programs.get(String(positions), async () => ({
      program: await this.executor.compile(this.graph(positions), { optimize: 'none' }),
    }));
    const { sharedVocabulary } = this.spec;
    const outputs = await program.run({
      targets: batch.targets,
      'student hidden': await this.student.hidden(batch),
      'student output': this.student.outputLayer(sharedVocabulary),
      ...(this.teacher && {
        'teacher hidden': await this.teacher.hidden(batch),
        'teacher output': this.teacher.outputLayer(sharedVocabulary),
      }),
    });
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array | BigInt64Array]));
  }

  release(): Promise<void> {
    return this.programs.release();
  }

  private graph(positions: number): OnnxGraph {
    const graph = new Graph();
    const { sharedVocabulary } = this.spec;
    const side = (name: string, { decoder: { hiddenSize } }: FrozenModel): { hidden: Value; output: Value } => ({
      hidden: graph.input(`${name} hidden`, 'float32', [positions, hiddenSize]),
      output: graph.input(`${name} output`, 'float32', [sharedVocabulary, hiddenSize]),
    });
    const student = side('student', this.student);
    const { told } = tokenLoss({
      studentHidden: student.hidden,
      studentOutput: student.output,
      teacher: this.teacher && side('teacher', this.teacher),
      targets: graph.input('targets', 'int32', [positions]),
      // Nothing is summed here; every position counts alike.
      weights: graph.constant('float32', [positions], new Float32Array(positions).fill(1)),
    }, this.spec);
    return writeOnnx(told, { weights: 'inputs' });
  }
}
