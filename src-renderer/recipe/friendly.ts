import type { FieldProblem } from '../../src-main/contract/api/api.ts';
import { RECIPE_FIELDS } from './fields.ts';
import { valueAt, type UnfinishedRecipe } from './paths.ts';

/** Where a whole section is missing, the field of it that the person has to give. */
const FIRST: Readonly<Record<string, string>> = { data: 'data.train', student: 'student.model', teacher: 'teacher.model', train: 'train.steps' };

/** What is not given yet, and what to do about it. */
const MISSING: Readonly<Record<string, string>> = {
  'data.train': 'No training file is chosen.',
  'student.model': 'No student is chosen.',
  'teacher.model': 'No teacher is chosen.',
};

/** Problems as a person reads them: a validator calls a field that nobody has filled in an unexpected `undefined`. */
export function friendly(problems: readonly FieldProblem[], recipe: UnfinishedRecipe): FieldProblem[] {
  return problems.map((problem) => {
    const field = FIRST[problem.field] ?? problem.field;
    if (valueAt(recipe, field) !== undefined || !problem.message.includes('undefined')) return { ...problem, field };
    return { field, message: MISSING[field] ?? `${RECIPE_FIELDS.get(field)?.label ?? field} is missing.`, hint: null };
  });
}
