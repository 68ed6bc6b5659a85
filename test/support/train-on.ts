import { resolveMethod } from '../../src-main/contract/presets.ts';
import type { Method } from '../../src-main/contract/presets.ts';
import type { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Trainer, type DataExample, type TrainerParts } from '../../src-main/distill/trainer.ts';
import { nativeExecutor } from '../../src-main/runtime/ort/native/executor.ts';
import type { Executor } from '../../src-main/runtime/program.ts';
import { dataExamples } from './data-examples.ts';
import { expectClose } from './close.ts';
import type { TestStudent } from './tiny-student.ts';

const host = nativeExecutor(1);

/** What a test trains, wherever that is. */
export interface Training {
  vocabulary: number;
  method?: Partial<Method>;
  /** A student on the host, or resident in memory of the executor. */
  student(executor: Executor): Promise<TestStudent>;
  teacher?(executor: Executor): FrozenModel;
  rollouts?: TrainerParts<DataExample>['rollouts'];
  /** Which of the texts' steps are made, in this order; all of them if left out. */
  texts?: readonly number[];
}

export interface Trained { losses: number[]; norms: number[]; told: Record<string, number | null>[]; weights: Map<string, Float32Array> }

const TEXTS = [[1, 2, 3, 4, 5, 6, 7], [9, 4, 5, 5], [3, 3, 8, 1], [2, 9, 9, 9, 1, 4], [7, 7, 2, 40, 21, 3, 5, 8, 1], [6, 2, 11]].map((ids, index) => (
  { index, prompt: Int32Array.from(ids.slice(0, 2)), completion: Int32Array.from(ids.slice(2)) }));

/** Texts of a step, in two micro-batches. */
const batchOf = (step: number) => Array.from({ length: 4 }, (_, at) => TEXTS[(step - 1 + at) % TEXTS.length]!);

/** A student that is trained by the real trainer. */
export class OnOne {
  readonly made: TestStudent;
  readonly teacher: FrozenModel | null;
  private readonly trainer: Trainer<DataExample>;

  private constructor(made: TestStudent, teacher: FrozenModel | null, { vocabulary, method = {}, rollouts = null, texts }: Training) {
    this.made = made;
    this.teacher = teacher;
    const whole: Method = { ...resolveMethod({ preset: teacher ? 'supervised-kd' : 'sft', reduction: 'token' }).method, ...method };
    this.trainer = new Trainer({ student: made.student, optimizer: made.optimizer, teacher, rollouts, data: { count: TEXTS.length, batch: (step) => dataExamples(batchOf(texts?.[step - 1] ?? step)) } },
      { seed: 0, steps: 1000, microBatchSize: 2, sharedVocabulary: vocabulary, method: whole, train: { ...made.train, batchSize: 4 } });
  }

  static async open(executor: Executor, training: Training): Promise<OnOne> {
    return new OnOne(await training.student(executor), training.teacher?.(executor) ?? null, training);
  }

  async train(from: number, to: number): Promise<Trained> {
    const told: Trained = { losses: [], norms: [], told: [], weights: new Map() };
    for (let step = from; step <= to; step++) {
      const { metrics } = await this.trainer.step(step);
      told.losses.push(metrics.loss);
      told.norms.push(metrics.gradientNorm);
      const { divergenceOffPolicy, divergenceOnPolicy, studentEntropy, teacherEntropy, agreement, skipped, lossScale } = metrics;
      told.told.push({ divergenceOffPolicy, divergenceOnPolicy, studentEntropy, teacherEntropy, agreement, skipped, lossScale });
    }
    for (const name of tensorsOf(this.made)) told.weights.set(name, this.made.optimizer.read(name).slice());
    return told;
  }

  /** Everything but the weights of a teacher's memory on the host. */
  async release(): Promise<void> {
    await this.trainer.release();
    await this.teacher?.release();
    const { optimizer } = this.made;
    if ('release' in optimizer) await (optimizer.release as () => Promise<void>)();
  }
}

const tensorsOf = ({ optimizer }: TestStudent): string[] => (optimizer as unknown as { tensors: readonly { name: string }[] }).tensors.map(({ name }) => name);

/** Gradients that are smaller than this beside the largest are rounding. */
const ROUNDING = 1e-5;

/**
 * Which weights mean something. Attention is the same whatever is added to all keys, so the gradient of a bias of keys is
 * rounding alone, which an optimizer makes as large as any other. The second moments tell: of every weight with AdamW,
 * of vectors with Adafactor.
 */
function meaningful({ optimizer }: TestStudent): (name: string, at: number) => boolean {
  const squares = new Map(optimizer.state().filter(({ name }) => name.endsWith('.exp_avg_sq')).map(({ name, data }) => [name, data] as const));
  const largest = [...squares.values()].reduce((most, values) => values.reduce((a, b) => Math.max(a, b), most), 0);
  return (name, at) => {
    const square = squares.get(`${name}.exp_avg_sq`)?.[at];
    return square === undefined || Math.sqrt(square / largest) > ROUNDING;
  };
}

/** Ten steps have the losses, the norms and the weights of the host, and leave nothing behind. */
export async function expectParity(executor: Executor, training: Training): Promise<void> {
  const steps = 10;
  const held = executor.memory!.bytes;
  const [there, here] = [await OnOne.open(executor, training), await OnOne.open(host, training)];
  const [found, wanted] = [await there.train(1, steps), await here.train(1, steps)];
  expectClose(found.losses, wanted.losses, 1e-3);
  expectClose(found.norms, wanted.norms, 1e-3);
  // Later on, two tokens that are as likely as each other may change places.
  for (const [name, value] of Object.entries(wanted.told[0]!)) expectClose([found.told[0]![name] ?? -1], [value ?? -1], 1e-3, { name, least: 1 });
  const isKnown = meaningful(here.made);
  for (const [name, weights] of wanted.weights) {
    const known = (of: Float32Array): Float32Array => of.map((weight, at) => (isKnown(name, at) ? weight : 0));
    expectClose(known(found.weights.get(name)!), known(weights), 1e-3, { name });
  }
  await there.release();
  await here.release();
  if (executor.memory!.bytes !== held) throw new Error(`${executor.memory!.bytes - held} bytes are left on the device`);
}
