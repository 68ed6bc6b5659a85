import { realpathSync } from 'node:fs';
import type { Recipe } from '../../contract/recipe.ts';
import type { Model } from '../load-model.ts';
import type { TrainedAdapter } from './trained-adapter.ts';

/** Whether a run's teacher is what its student is without the adapter, so that one copy of the weights serves both. */
export function teachesItself({ adapter, teacher, recipe }: { adapter: TrainedAdapter | null; teacher: Model | null; recipe: Recipe }): boolean {
  if (!adapter || !teacher || !recipe.teacher) return false;
  const isOne = realpathSync(adapter.base.path) === realpathSync(teacher.folder.path);
  const { student, teacher: asked } = recipe;
  return isOne && (student.precision ?? 'fp32') === asked.precision && (student.products ?? 'exact') === (asked.products ?? 'exact') && student.device === asked.device;
}
