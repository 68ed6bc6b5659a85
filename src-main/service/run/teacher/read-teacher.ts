import type { Compute } from '../../../contract/compute.ts';
import type { Recipe } from '../../../contract/recipe.ts';
import { FrozenModel } from '../../../distill/frozen-model.ts';
import { executorFor, ofThe, openWeights } from '../../../model/load-model.ts';
import { buildDecoder } from '../../../nn/build.ts';
import type { OpenedBase } from '../open-base.ts';
import type { PreparedRun } from '../look/prepare.ts';

/** How a teacher multiplies: as the student does where both are on one device, and otherwise exactly. */
export function teacherCompute({ teacher, student, train }: Pick<Recipe, 'teacher' | 'student' | 'train'>): Compute {
  return teacher?.device === student.device ? train.compute : 'fp32';
}

/** A run's teacher, read once. @param own  what the student stands beside, where that is the teacher */
export async function readTeacher({ teacher, recipe }: PreparedRun, own: OpenedBase | null): Promise<FrozenModel | null> {
  if (!teacher || !recipe.teacher) return null;
  const executor = executorFor(recipe.teacher.device);
  const compute = teacherCompute(recipe);
  if (own) return new FrozenModel(executor, buildDecoder(teacher.folder.config, own.format), own.weights, { compute });
  const { precision, products } = recipe.teacher;
  const { decoder, weights, release } = await ofThe('teacher', () => openWeights(teacher, executor, { precision, products }));
  return new FrozenModel(executor, decoder, weights, { compute, letGo: release });
}
