import { FrozenModel } from '../../distill/frozen-model.ts';
import type { Optimizer } from '../../distill/optimizers/optimizer.ts';
import type { BaselineState, RewardBaseline } from '../../distill/reward-baseline.ts';
import { Trainer, type DataExample } from '../../distill/trainer.ts';
import { executorFor, ofThe, openWeights } from '../../model/load-model.ts';
import { buildDecoder } from '../../nn/build.ts';
import { batchOf } from './batch-of.ts';
import { buildRollouts } from './build-rollouts.ts';
import { buildStudent } from './build-student.ts';
import type { OpenedBase } from './open-base.ts';
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

/** Reads the weights and makes the trainer. @param base  the weights beside an adapter, @param from  the checkpoint to go on from */
export async function buildTrainer(
  run: PreparedRun, { base, from }: { base: OpenedBase | null; from: string | null }, examples: ExampleSet,
  teacher: RunTeacher | null, progress: { totalTokens: number; rewardBaseline?: BaselineState | null },
): Promise<BuiltRun> {
  const { recipe, method, sharedVocabulary, microBatchSize, steps } = run;
  // Only the step itself runs on the student's device. Writing runs where the weights lie: decoding is many small
  // products, of which a GPU spends more time on the way than on the work.
  const host = executorFor('cpu');
  const { student, optimizer } = await buildStudent(run, base, from);
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
    student: new FrozenModel(host, student.decoder, student.weights),
    release: async () => {
      await trainer.release();
      await rollouts.release();
      await teacher?.release();
    },
  };
}

/** A run's teacher, read once. @param own  what the student stands beside, where that is the teacher */
export async function readTeacher({ teacher, recipe }: PreparedRun, own: OpenedBase | null): Promise<FrozenModel | null> {
  if (!teacher || !recipe.teacher) return null;
  const executor = executorFor(recipe.teacher.device);
  if (own) return new FrozenModel(executor, buildDecoder(teacher.folder.config, own.format), own.weights);
  const { precision } = recipe.teacher;
  const { decoder, weights } = await ofThe('teacher', () => openWeights(teacher, executor, precision));
  return new FrozenModel(executor, decoder, weights);
}
