import { FrozenModel } from '../../distill/frozen-model.ts';
import type { Updates } from '../../distill/optimizers/updates.ts';
import type { BaselineState, RewardBaseline } from '../../distill/reward-baseline.ts';
import { Trainer, type Progress } from '../../distill/trainer.ts';
import { inMoves, releaseAll } from '../../runtime/in-moves.ts';
import { batchOf } from './batch-of.ts';
import { buildRollouts } from './build-rollouts.ts';
import { buildStudent, type StudentStart } from './build-student.ts';
import type { OpenedBase } from './open-base.ts';
import type { PreparedRun } from './look/prepare.ts';
import type { RunExample } from './run-example.ts';
import type { RunTeacher } from './teacher/run-teacher.ts';
import { givenText } from '../../text/encoded-example.ts';
import type { ExampleSet } from '../../text/example-set.ts';

/** Everything that computes in a run. */
export interface BuiltRun {
  trainer: Trainer<RunExample>;
  optimizer: Updates;
  /** The student as it is now, to be judged or to write; asked for again behind every update. */
  student(): FrozenModel;
  teacher: RunTeacher | null;
  rewardBaseline: RewardBaseline | null;
  release(): Promise<void>;
}

/** The same with the weights beside its adapter, which go when it does. */
export function withBase(built: BuiltRun, base: OpenedBase | null): BuiltRun {
  return { ...built, release: () => releaseAll([built, ...(base ? [base] : [])]) };
}

/** Reads the weights and makes the trainer. @param base  the weights beside an adapter, @param start  the rest: what the student begins with */
export async function buildTrainer(
  run: PreparedRun, { base, ...start }: { base: OpenedBase | null } & StudentStart, examples: ExampleSet,
  teacher: RunTeacher | null, progress: Progress & { rewardBaseline?: BaselineState | null },
): Promise<BuiltRun> {
  const { recipe, method, sharedVocabulary, microBatchSize, steps } = run;
  const { built, rollouts } = await inMoves(async (keep) => {
    const built = keep(await buildStudent(run, base, start));
    return { built, rollouts: await buildRollouts(run, built.student, teacher, progress.rewardBaseline ?? null) };
  });
  const { student, optimizer } = built;
  const judgesTokens = method.divergence !== 'cross_entropy';
  const trainer = new Trainer({
    student, optimizer,
    rollouts: rollouts.writer,
    teacher: judgesTokens ? teacher && teacher.judge : null,
    data: {
      count: examples.count,
      batch: async (step) => (await batchOf(step, examples, recipe, method.samplesPerPrompt)).map((example) => ({ ...example, given: givenText(example) })),
    },
  }, { seed: recipe.seed, steps, microBatchSize, sharedVocabulary, method, train: recipe.train }, progress);
  const judged = new FrozenModel(student.home.executor, student.decoder, student.weights, { own: student.home.own });
  return {
    trainer, optimizer, teacher,
    rewardBaseline: rollouts.baseline,
    student: () => {
      student.refresh();
      return judged;
    },
    release: () => releaseAll([judged, built, rollouts, ...(teacher ? [teacher] : [])]),
  };
}
