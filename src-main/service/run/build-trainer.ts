import { recomputes } from '../../distill/activations.ts';
import { FrozenModel } from '../../distill/frozen-model.ts';
import { lossChunk } from '../../distill/loss-chunk.ts';
import { mostTokens } from '../../distill/bucket.ts';
import { Optimizer } from '../../distill/optimizers/optimizer.ts';
import { ruleOf } from '../../distill/optimizers/rules.ts';
import { Student } from '../../distill/student.ts';
import type { BaselineState, RewardBaseline } from '../../distill/reward-baseline.ts';
import { Trainer, type DataExample } from '../../distill/trainer.ts';
import { executorFor, ofThe, openWeights } from '../../model/load-model.ts';
import { batchOf } from './batch-of.ts';
import { buildRollouts } from './build-rollouts.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunTeacher } from './run-teacher.ts';
import { givenText, type EncodedExample } from '../../text/encoded-example.ts';
import type { ExampleSet } from '../../text/example-set.ts';

/** An example as a run's trainer gets it. */
export type RunExample = EncodedExample & DataExample;

/** Everything that computes in a run. */
export interface BuiltRun {
  trainer: Trainer<RunExample>;
  optimizer: Optimizer;
  /** The student as it is at any moment, to be judged or to write, and its teacher. */
  student: FrozenModel;
  teacher: RunTeacher | null;
  rewardBaseline: RewardBaseline | null;
  release(): Promise<void>;
}

/** Reads the weights and makes the trainer. @param student  folder to read the student's weights from: its own, or a checkpoint's */
export async function buildTrainer(
  run: PreparedRun, readStudent: (optimizer: Optimizer) => Promise<void>, examples: ExampleSet,
  teacher: RunTeacher | null, progress: { totalTokens: number; rewardBaseline?: BaselineState | null },
): Promise<BuiltRun> {
  const { recipe, method, sharedVocabulary, microBatchSize, steps } = run;
  const { decoder, parameters } = run.student;
  // Only the step itself runs on the student's device. Writing runs where the weights lie: decoding is many small
  // products, of which a GPU spends more time on the way than on the work.
  const host = executorFor('cpu');

  const limits = { prompt: recipe.data.maxPromptTokens, completion: recipe.data.maxCompletionTokens };
  const gradientRows = mostTokens(microBatchSize, limits, decoder.encoder !== null);
  const optimizer = new Optimizer(parameters.map((parameter) => (
    decoder.tables.some(({ name }) => name === parameter.name) ? { ...parameter, gradientRows } : parameter)), ruleOf(recipe.train));
  await readStudent(optimizer);

  const student = new Student(executorFor(recipe.student.device), decoder, optimizer, {
    method, sharedVocabulary, chunk: lossChunk(sharedVocabulary), recompute: recomputes(recipe, run.student),
  });
  const rollouts = await buildRollouts(run, host, student, teacher, progress.rewardBaseline ?? null);
  const judgesTokens = method.divergence !== 'cross_entropy';
  const trainer = new Trainer({
    student, optimizer,
    rollouts: rollouts.writer,
    teacher: judgesTokens ? teacher && teacher.judge : null,
    data: {
      count: examples.count,
      batch: async (step) => (await batchOf(step, examples, recipe, method.samplesPerPrompt)).map((example) => ({ ...example, given: givenText(example) })),
    },
  }, { seed: recipe.seed, steps, microBatchSize, sharedVocabulary, method, train: recipe.train }, progress.totalTokens);
  return {
    trainer, optimizer, teacher,
    rewardBaseline: rollouts.baseline,
    student: new FrozenModel(host, decoder, student.weights),
    release: async () => {
      await trainer.release();
      await rollouts.release();
      await teacher?.release();
    },
  };
}

/** A run's teacher, read once. */
export async function readTeacher({ teacher, recipe }: PreparedRun): Promise<FrozenModel | null> {
  if (!teacher || !recipe.teacher) return null;
  const executor = executorFor(recipe.teacher.device);
  const { precision } = recipe.teacher;
  const { decoder, weights } = await ofThe('teacher', () => openWeights(teacher, executor, precision));
  return new FrozenModel(executor, decoder, weights);
}
