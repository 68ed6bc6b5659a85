import { needsTeacher, resolveMethod, type Method } from '../../src-main/contract/presets.ts';
import type { Placed } from './friendly.ts';
import { presetOf } from './difference.ts';
import { valueAt, type UnfinishedRecipe } from './paths.ts';

/** What a recipe cannot do without and does not have yet, all at once: the validators name one layer at a time. */
export function missingIn(recipe: UnfinishedRecipe): Placed[] {
  const lacks = (path: string): boolean => [undefined, ''].includes(valueAt(recipe, path) as string | undefined);
  const whole = { ...(valueAt(recipe, 'method') as Partial<Method>), preset: presetOf(recipe) };
  const stages = valueAt(recipe, 'stages') as readonly { method?: Partial<Method> }[] | undefined;
  const methods = stages?.map(({ method = {} }) => (method.preset === undefined ? { ...whole, ...method } : { ...method, preset: method.preset })) ?? [whole];
  return [
    ...(lacks('data.train') ? [said('data.train', 'No training file is chosen.')] : []),
    ...(lacks('data.prompt') && lacks('data.messages') ? [said('data.prompt', 'Nothing says what the prompt is made of.', 'Write a template of columns, or choose a column of chat messages.')] : []),
    ...(lacks('teacher.model') && lacks('teacher.server.url') && methods.some((method) => needsTeacher(resolveMethod(method).method)) ? [said('teacher.model', 'No teacher is chosen.')] : []),
    ...(lacks('student.model') ? [said('student.model', 'No student is chosen.')] : []),
  ];
}

/** Findings of several sources: of a field that lacks a value once, whoever has seen it. */
export function joined(first: readonly Placed[], others: readonly Placed[]): Placed[] {
  const fields = new Set(first.map(({ field }) => field));
  const same = (message: string): boolean => first.some((finding) => finding.message === message);
  return [...first, ...others.filter(({ field, message }) => !same(message) && (field === '' || !fields.has(field)))];
}

const said = (field: string, message: string, hint?: string): Placed => ({ code: 'missing', level: 'problem', field, message, ...(hint !== undefined && { hint }) });
