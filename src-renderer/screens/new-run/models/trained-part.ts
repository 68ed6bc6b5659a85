import { ALL_LINEAR } from '../../../../src-main/contract/adapter.ts';
import { valueAt, type UnfinishedRecipe } from '../../../recipe/paths.ts';

/** What a recipe says where all of the student is trained: nothing of an adapter, nor of what lies beside one. */
export const WHOLE: Readonly<Record<string, unknown>> = { 'student.adapter': undefined, 'student.precision': undefined, 'student.products': undefined };

/** What an adapter begins with; said in full, so that the recipe has one although these are the defaults. */
export const BEGIN: Readonly<Record<string, unknown>> = { 'student.adapter': { rank: 16, alpha: 32 }, 'student.ship': undefined };

/** Whether a recipe may say how a model is multiplied by its weights: where these are integers, or it does already. */
export const asksProducts = (recipe: UnfinishedRecipe, model: 'teacher' | 'student'): boolean => (
  ['int8', 'int4'].includes(String(valueAt(recipe, `${model}.precision`))) || valueAt(recipe, `${model}.products`) !== undefined);

export const hasAdapter = (recipe: UnfinishedRecipe): boolean => valueAt(recipe, 'student.adapter') !== undefined;

/** The matrices that get an adapter, as a person writes them: names with commas between them, or a name for all. */
export function targetsOf(text: string): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim()).filter(Boolean);
  return names.length === 0 || names.join() === ALL_LINEAR ? undefined : names;
}

export const targetsText = (targets: unknown): string => (Array.isArray(targets) ? targets.join(', ') : typeof targets === 'string' && targets !== ALL_LINEAR ? targets : '');
