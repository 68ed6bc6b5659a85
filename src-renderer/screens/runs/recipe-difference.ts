import { resolveMethod } from '../../../src-main/contract/presets.ts';
import type { Recipe } from '../../../src-main/contract/recipe.ts';
import { pathsOf, valueAt, type UnfinishedRecipe } from '../../recipe/paths.ts';

export interface DifferingField { path: string; values: unknown[] }

/**
 * The fields in which recipes differ, with the value each of them has there. Methods are compared with every choice of
 * their presets made. Names always differ, so they are left out; so is how a teacher computes where some have none.
 */
export function differingFields(recipes: readonly Recipe[]): DifferingField[] {
  const whole = recipes.map((recipe): UnfinishedRecipe => ({ ...recipe, method: resolveMethod(recipe.method).method }));
  const haveTeachers = recipes.every(({ teacher }) => teacher);
  return [...new Set(whole.flatMap((recipe) => pathsOf(recipe)))]
    .filter((path) => path !== 'name' && (haveTeachers || path === 'teacher.model' || !path.startsWith('teacher.')))
    .map((path) => ({ path, values: whole.map((recipe) => valueAt(recipe, path)) }))
    .filter(({ values }) => values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0])));
}
