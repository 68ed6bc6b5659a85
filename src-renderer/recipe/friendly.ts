import type { Finding } from '../../src-main/contract/finding.ts';
import { allowedIn, RECIPE_FIELDS, withoutStage } from './fields.ts';
import { valueAt, type UnfinishedRecipe } from './paths.ts';

/** Where a whole section is missing, the field of it that the person has to give. */
const FIRST: Readonly<Record<string, string>> = { data: 'data.train', student: 'student.model', teacher: 'teacher.model', train: 'train.steps', 'method.reward': 'method.reward.kind' };

/** What is not given yet, and what to do about it. */
const MISSING: Readonly<Record<string, string>> = {
  'data.train': 'No training file is chosen.',
  'student.model': 'No student is chosen.',
  'teacher.model': 'No teacher is chosen.',
  'method.reward.kind': 'This method earns a reward with its own text, and none is chosen.',
};

/** A finding that stands at a field; empty where it is about the whole recipe. */
export type Placed = Finding & { field: string };

/** Findings as a person reads them; the validators' own words are for programmers. */
export function friendly(findings: readonly Finding[], recipe: UnfinishedRecipe): Placed[] {
  return findings.map((finding) => {
    const given = finding.field ?? '';
    const field = FIRST[given] ?? (given || namedIn(finding.message, recipe));
    const [value, known] = [valueAt(recipe, field), RECIPE_FIELDS.get(withoutStage(field))];
    const isLacking = given !== field && value === undefined && MISSING[field] !== undefined;
    if (!isLacking && !/^(Invalid|Too|Expected)/.test(finding.message)) return { ...finding, field };
    if (value === undefined) return { ...said(finding), field, message: MISSING[field] ?? `${known?.label ?? field} is missing.` };
    return { ...said(finding), field, message: `${JSON.stringify(value)} does not fit here${known ? `: ${allowedIn(known)}` : ''}.` };
  });
}

/** Without the hint that belonged to another message. */
const said = ({ code, level }: Finding): Pick<Finding, 'code' | 'level'> => ({ code, level });

/** Fields whose values are named by the trouble they cause: files, folders, metrics. */
const NAMED = ['data.validation', 'data.train', 'teacher.model', 'student.model', 'evaluate.metrics'] as const;

/** The field whose file or name a message speaks of; empty where it speaks of none. */
function namedIn(message: string, recipe: UnfinishedRecipe): string {
  const names = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.map((item) => JSON.stringify(item));
    // Rows are named by their file without its folder.
    return typeof value === 'string' && value !== '' ? [value, `${value.split(/[\\/]/).at(-1)} row`] : [];
  };
  const stages = valueAt(recipe, 'stages');
  const ofStages = Array.isArray(stages) ? stages.flatMap((_, at) => [`stages.${at}.data.train`, `stages.${at}.evaluate.metrics`]) : [];
  return [...ofStages, ...NAMED].find((field) => names(valueAt(recipe, field)).some((name) => message.includes(name))) ?? '';
}
