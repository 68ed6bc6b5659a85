import { join } from 'node:path';
import { teachesItself } from '../../../model/adapter/teaches-itself.ts';
import type { CheckpointState } from '../../../run-folder/checkpoint-state.ts';
import type { RunFolder } from '../../../run-folder/run-folder.ts';
import { TeacherAway } from '../../../teacher/served/teacher-away.ts';
import { firstExamples, type ExampleSet } from '../../../text/example-set.ts';
import { inMoves } from '../../../runtime/in-moves.ts';
import type { StudentStart } from '../build-student.ts';
import { buildTrainer, withBase, type BuiltRun } from '../build-trainer.ts';
import type { TeacherAnswers } from '../evaluation/teacher-answers.ts';
import type { RunJob } from '../job.ts';
import { openBase, type OpenedBase } from '../open-base.ts';
import { keepStates } from '../teacher/keep-states.ts';
import { openRunTeacher } from '../teacher/open-run-teacher.ts';
import type { RunTeacher } from '../teacher/run-teacher.ts';
import { teacherWritten } from '../teacher/teacher-data.ts';
import type { PreparedStage } from './prepare-stages.ts';

/** Where a stage is taken up. */
export interface StagePlace {
  start: StudentStart;
  /** Of the checkpoint that it goes on from; null where it begins. */
  state: CheckpointState | null;
  /** That the run has learned from before. */
  totalTokens: number;
}

/**
 * Reads what a stage computes with: its teacher, which writes or answers ahead what it can and then makes room, and its student.
 * @returns null where the run was asked to stop while it waited for its teacher
 */
export async function openStage(stage: PreparedStage, job: RunJob, folder: RunFolder, place: StagePlace, answers: TeacherAnswers): Promise<BuiltRun | null> {
  job.emit({ event: 'phase', phase: 'prepare', done: 0, total: 1 });
  try {
    return await inMoves(async (keep) => {
      const own = teachesItself(stage) ? keep(await openBase(stage)) : null;
      const teacher = keep(await openTeacher(stage, job, folder, place.state, own));
      const examples = stage.method.source === 'teacher'
        ? await teacherWritten(stage, teacher!, folder.path, (done, total) => job.emit({ event: 'phase', phase: 'teacher-data', done, total }))
        : stage.train;
      if (teacher) await answerAhead(stage, job, teacher, examples, answers);
      const base = own ?? keep(await openBase(stage));
      const { start, state, totalTokens } = place;
      return withBase(await buildTrainer(stage, { base, ...start }, examples, teacher, { totalTokens, lossScale: state?.lossScale ?? null, rewardBaseline: state?.rewardBaseline ?? null }), base);
    });
  } catch (error) {
    if (error instanceof TeacherAway) return null;
    throw error;
  }
}

function openTeacher(stage: PreparedStage, job: RunJob, folder: RunFolder, state: CheckpointState | null, own: OpenedBase | null): Promise<RunTeacher | null> {
  const answers = join(folder.path, 'teacher-answers');
  return openRunTeacher(stage, job.cache ?? null, own, {
    cache: job.cache ?? answers, own: join(answers, 'own'), begun: stage.number === 1 ? answers : join(answers, `stage-${stage.number}`),
    step: state?.step ?? stage.first, isResumed: job.isResumed, allowChanged: job.allowChanged ?? false,
    isStopAsked: () => job.stopRequest() !== null,
    tell: (message) => job.emit({ event: 'warning', code: 'server', message }),
  });
}

/** Of a teacher that keeps its states: all that is asked of it about fixed texts. It comes back if anything asks for it; the student needs its room now. */
async function answerAhead(stage: PreparedStage, job: RunJob, teacher: RunTeacher, examples: ExampleSet, answers: TeacherAnswers): Promise<void> {
  if (!teacher.kept) return;
  await keepStates(stage, teacher.kept.teacher, examples, (done, total) => job.emit({ event: 'phase', phase: 'teacher-states', done, total }), teacher.outage?.signal);
  const heldOut = await firstExamples(stage.validation, stage.recipe.evaluate.examples);
  if (heldOut.length > 0) await answers.of(stage, teacher, heldOut);
  await teacher.rest();
}
