import type { FieldProblem } from '../../src-main/contract/api/api.ts';
import { allowedIn, RECIPE_FIELDS } from './fields.ts';
import { valueAt, type UnfinishedRecipe } from './paths.ts';

/** Where a whole section is missing, the field of it that the person has to give. */
const FIRST: Readonly<Record<string, string>> = { data: 'data.train', student: 'student.model', teacher: 'teacher.model', train: 'train.steps' };

/** What is not given yet, and what to do about it. */
const MISSING: Readonly<Record<string, string>> = {
  'data.train': 'No training file is chosen.',
  'student.model': 'No student is chosen.',
  'teacher.model': 'No teacher is chosen.',
};

/** Problems as a person reads them; the validators' own words are for programmers. */
export function friendly(problems: readonly FieldProblem[], recipe: UnfinishedRecipe): FieldProblem[] {
  return problems.map((problem) => {
    const field = FIRST[problem.field] ?? (problem.field || namedIn(problem.message, recipe));
    const [value, known] = [valueAt(recipe, field), RECIPE_FIELDS.get(field)];
    if (!/^(Invalid|Too|Expected)/.test(problem.message)) return { ...problem, field };
    if (value === undefined) return { field, message: MISSING[field] ?? `${known?.label ?? field} is missing.`, hint: null };
    return { field, message: `${JSON.stringify(value)} does not fit here${known ? `: ${allowedIn(known)}` : ''}.`, hint: null };
  });
}

/** Fields whose values are named by the trouble they cause: files, folders, metrics. */
const NAMED = ['data.validation', 'data.train', 'teacher.model', 'student.model', 'evaluate.metrics'] as const;

/** The field whose file or name a message speaks of; empty where it speaks of none. */
function namedIn(message: string, recipe: UnfinishedRecipe): string {
  const names = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.map((item) => JSON.stringify(item));
    // Rows are named by their file without its folder.
    return typeof value === 'string' && value !== '' ? [value, `${value.split(/[\\/]/).at(-1)} row`] : [];
  };
  return NAMED.find((field) => names(valueAt(recipe, field)).some((name) => message.includes(name))) ?? '';
}
