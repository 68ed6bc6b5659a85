import type { Recipe } from './recipe.ts';
import type { RewardSettings } from './reward.ts';

/** A recipe with each of its paths changed; `path` is told the field as well. All else of it, texts that look like paths among them, stays as it is. */
export function withPaths(recipe: Recipe, path: (path: string, field: string) => string): Recipe {
  const { teacher, student, data, method: { reward }, stages } = recipe;
  return {
    ...recipe,
    ...(reward && { method: { ...recipe.method, reward: rewardWithPaths(reward, path) } }),
    ...(stages && { stages: stages.map((stage, at) => stageWithPaths(stage, (given, field) => path(given, `stages.${at}.${field}`))) }),
    ...(teacher && { teacher: { ...teacher, ...(teacher.model !== undefined && { model: path(teacher.model, 'teacher.model') }) } }),
    student: { ...student, model: path(student.model, 'student.model') },
    data: {
      ...data,
      train: path(data.train, 'data.train'),
      ...(data.validation !== undefined && { validation: path(data.validation, 'data.validation') }),
      ...(data.shots && { shots: { ...data.shots, file: path(data.shots.file, 'data.shots.file') } }),
    },
  };
}

type RecipeStage = NonNullable<Recipe['stages']>[number];

function stageWithPaths(stage: RecipeStage, path: (path: string, field: string) => string): RecipeStage {
  const { method, data } = stage;
  return {
    ...stage,
    ...(method?.reward && { method: { ...method, reward: rewardWithPaths(method.reward, path) } }),
    ...(data && {
      data: {
        ...data,
        ...(data.train !== undefined && { train: path(data.train, 'data.train') }),
        ...(data.shots && { shots: { ...data.shots, file: path(data.shots.file, 'data.shots.file') } }),
      },
    }),
  };
}

/** Every path that a recipe names, and the field that names it. */
export function pathsOf(recipe: Recipe): [field: string, path: string][] {
  const paths: [string, string][] = [];
  withPaths(recipe, (path, field) => {
    paths.push([field, path]);
    return path;
  });
  return paths;
}

function rewardWithPaths(reward: RewardSettings, path: (path: string, field: string) => string): RewardSettings {
  switch (reward.kind) {
    case 'entailment': return { ...reward, model: path(reward.model, 'method.reward.model') };
    case 'command': return { ...reward, directory: path(reward.directory ?? '.', 'method.reward.directory') };
    default: return reward;
  }
}
