import { RolloutWriter } from '../../distill/rollout.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import { mostTokens } from '../../distill/bucket.ts';
import { Optimizer } from '../../distill/optimizers/optimizer.ts';
import { ruleOf } from '../../distill/optimizers/rules.ts';
import { Student } from '../../distill/student.ts';
import { Trainer } from '../../distill/trainer.ts';
import { TextPlan } from '../../decode/text-writer.ts';
import { batchIndices } from '../../data/order.ts';
import type { Executor } from '../../runtime/program.ts';
import { executorFor, readWeights } from '../load-model.ts';
import { inPrecision } from '../teacher-precision.ts';
import type { PreparedRun } from './prepare.ts';
import type { EncodedExample } from '../examples.ts';

/** Elements of the widest tensor of the loss: 16 MiB each, which two cores' caches still serve well. */
const CHUNK_ELEMENTS = 2 ** 22;

/** Everything that computes in a run. */
export interface BuiltRun {
  trainer: Trainer;
  optimizer: Optimizer;
  /** The student as it is at any moment, and the teacher, to be judged or to write. */
  student: FrozenModel;
  teacher: FrozenModel | null;
  executor: Executor;
  release(): Promise<void>;
}

/** Reads the weights and makes the trainer. @param student  folder to read the student's weights from: its own, or a checkpoint's */
export async function buildTrainer(
  run: PreparedRun, readStudent: (optimizer: Optimizer) => Promise<void>, examples: readonly EncodedExample[],
  teacher: FrozenModel | null, progress: { totalTokens: number },
): Promise<BuiltRun> {
  const { recipe, method, sharedVocabulary, microBatchSize, steps, eos } = run;
  const { decoder, parameters } = run.student;
  const maxLength = recipe.data.maxPromptTokens + recipe.data.maxCompletionTokens;
  const executor = executorFor(recipe.student.device);

  const limits = { prompt: recipe.data.maxPromptTokens, completion: recipe.data.maxCompletionTokens };
  const gradientRows = mostTokens(microBatchSize, limits, decoder.encoder !== null);
  const optimizer = new Optimizer(parameters.map((parameter) => (
    decoder.tables.some(({ name }) => name === parameter.name) ? { ...parameter, gradientRows } : parameter)), ruleOf(recipe.train));
  await readStudent(optimizer);

  const student = new Student(executor, decoder, parameters, optimizer, {
    method, sharedVocabulary, chunk: Math.max(32, Math.floor(CHUNK_ELEMENTS / sharedVocabulary)),
  });
  const rollouts = method.lambda === 0 ? null : new RolloutWriter(
    new TextPlan(executor, decoder, student.weights, { vocabulary: sharedVocabulary, maxLength, choice: 'sample' }),
    { seed: recipe.seed, temperature: method.samplingTemperature, maxNewTokens: recipe.data.maxCompletionTokens, eos });
  const judgesTokens = method.divergence !== 'cross_entropy';
  const trainer = new Trainer({
    student, optimizer, rollouts,
    teacher: judgesTokens ? teacher : null,
    data: {
      count: examples.length,
      batch: (step) => batchIndices(step, recipe.train.batchSize, examples.length, recipe.seed, recipe.data.shuffle).map((at) => examples[at]!),
    },
  }, { seed: recipe.seed, steps, microBatchSize, sharedVocabulary, method, train: recipe.train }, progress.totalTokens);
  return {
    trainer, optimizer, teacher, executor,
    student: new FrozenModel(executor, decoder, student.weights),
    release: async () => {
      await trainer.release();
    },
  };
}

/** A run's teacher, read once. */
export async function readTeacher({ teacher, recipe }: PreparedRun): Promise<FrozenModel | null> {
  if (!teacher || !recipe.teacher) return null;
  const { decoder, weights } = inPrecision(teacher, await readWeights(teacher), recipe.teacher.precision);
  return new FrozenModel(executorFor(recipe.teacher.device), decoder, weights);
}
