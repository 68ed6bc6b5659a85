import { pathsOf, valueAt, type UnfinishedRecipe } from '../../recipe/paths.ts';

export interface DifferingField { path: string; values: unknown[] }

/** The fields in which recipes differ, with the value each of them has there. Their names always do, so they are left out. */
export function differingFields(recipes: readonly UnfinishedRecipe[]): DifferingField[] {
  const paths = new Set(recipes.flatMap((recipe) => pathsOf(recipe)));
  paths.delete('name');
  return [...paths]
    .map((path) => ({ path, values: recipes.map((recipe) => valueAt(recipe, path)) }))
    .filter(({ values }) => values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0])));
}
