import { localTeacher } from '../../contract/local-teacher.ts';
import { answerJudgeSchema, type AnswerJudgeSettings, type ComparedModel } from '../../contract/comparison.ts';
import type { RunRecord } from '../../contract/history.ts';
import { methodAtEnd } from '../../contract/stages.ts';
import { hasLearned, momentOf } from '../../run-folder/moments.ts';

type Named = Pick<ComparedModel, 'label' | 'path' | 'role'>;

/** A run's student at a step, or the last one. @throws Problem where there is no such checkpoint */
export async function studentOf(run: RunRecord, step: number | null): Promise<Named> {
  const { step: at, path } = await momentOf(run, step);
  return at === 0 ? { label: 'before', path, role: 'before' } : { label: `step ${at}`, path, role: 'after' };
}

/** A run's teacher, where it has one, and its student before and after. */
export async function modelsOfRun(run: RunRecord): Promise<Named[]> {
  const teacher = localTeacher(run.recipe);
  // A run that has made no checkpoint yet has one student only.
  const students = [await studentOf(run, 0), ...(await hasLearned(run) ? [await studentOf(run, null)] : [])];
  return [
    ...(teacher ? [{ label: 'teacher', path: teacher.model, role: 'teacher' as const }] : []),
    ...students,
  ];
}

/** How a run holds its student against its teacher; forward KL where it learns from the data alone. */
export function judgeOfRun({ recipe }: RunRecord): AnswerJudgeSettings {
  const { divergence, beta, normalizeBeta, lossTemperature } = methodAtEnd(recipe);
  return answerJudgeSchema.parse({ ...(divergence !== 'cross_entropy' && { divergence }), beta, normalizeBeta, lossTemperature });
}
