import type { RunRecord } from '../../contract/history.ts';
import { localTeacher } from '../../contract/local-teacher.ts';
import { Problem } from '../../contract/problem.ts';
import { dataViewSchema, type Recipe } from '../../contract/recipe.ts';

/** @throws Problem where a run has none. */
export function teacherOf({ name, recipe }: RunRecord): string {
  if (!recipe.teacher) throw new Problem(`Run "${name}" has no teacher to compare with.`, { hint: 'Inspect its student and a model as a pair instead.' });
  const teacher = localTeacher(recipe);
  if (teacher) return teacher.model;
  throw new Problem(`The teacher of run "${name}" is behind a server, and an inspection asks for its whole distribution.`, {
    hint: 'Inspect its student and a model on this machine as a pair instead.',
  });
}

/** The held-out examples of a recipe. @throws Problem where it has none. */
export function heldOut({ data, seed }: Recipe): { data: string; holdOut: { share: number; seed: number } | null } {
  if (data.validation !== undefined) return { data: data.validation, holdOut: null };
  if (data.validationShare !== undefined) return { data: data.train, holdOut: { share: data.validationShare, seed } };
  throw new Problem('The run holds no examples out of training.', { hint: 'Name a data file and its prompt, or look at the rollouts.' });
}

/** How a recipe makes prompts of its rows. */
export const viewOf = ({ data }: Recipe): ReturnType<typeof dataViewSchema.parse> =>
  dataViewSchema.parse(Object.fromEntries(Object.keys(dataViewSchema.shape).map((name) => [name, data[name as keyof typeof data]])));
