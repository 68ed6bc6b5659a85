import type { LocalTeacher, Recipe } from './recipe.ts';

/** The recipe's teacher where its model lies on this machine; null without a teacher, and where a server is the teacher. */
export function localTeacher({ teacher }: Pick<Recipe, 'teacher'>): LocalTeacher | null {
  if (teacher?.model === undefined) return null;
  const { server: _, ...local } = teacher;
  return { ...local, model: teacher.model };
}

/** What a recipe calls its teacher: a path, or a server's model and address; null without one. */
export function teacherName({ teacher }: Pick<Recipe, 'teacher'>): string | null {
  if (!teacher) return null;
  if (teacher.model !== undefined) return teacher.model;
  const { url, model } = teacher.server!;
  return `${model ?? 'the model'} at ${new URL(url).host}`;
}
