import type { Advice } from '../../contract/advice.ts';
import type { Mend } from '../../contract/finding.ts';
import { mergePatch, type JsonObject } from '../../contract/merge-patch.ts';
import { Problem } from '../../contract/problem.ts';
import { methodOf, parseRecipe } from '../recipe/recipe-file.ts';

/** A field of the recipe that advice sets, as a JSON Pointer (RFC 6901); `null` takes it away. */
export interface Change { pointer: string; value: unknown }

/** A recipe with the advice taken that can be: of two that change one field the first, and none that would make it wrong. */
export function takeAdvice(recipe: JsonObject, advice: readonly Advice[]): { recipe: JsonObject; taken: { code: string; label: string; changes: Change[] }[] } {
  let changed = recipe;
  const taken: { code: string; label: string; changes: Change[] }[] = [];
  const touched: string[] = [];
  for (const { code, mend, mends } of advice) {
    const mine = (mend ? [mend] : mends ?? []).find((one) => {
      const pointers = changesOf(one).map(({ pointer }) => pointer);
      return !pointers.some((pointer) => touched.some((other) => overlaps(pointer, other))) && isRecipe(mergePatch(changed, one.patch as JsonObject));
    });
    if (!mine) continue;
    const changes = changesOf(mine);
    changed = mergePatch(changed, mine.patch as JsonObject);
    touched.push(...changes.map(({ pointer }) => pointer));
    taken.push({ code, label: mine.label, changes });
  }
  return { recipe: changed, taken };
}

/** A merge patch as the fields that it sets. */
export function changesOf({ patch }: Pick<Mend, 'patch'>): Change[] {
  return inside(patch, '');
}

function inside(value: unknown, pointer: string): Change[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return [{ pointer, value }];
  return Object.entries(value).flatMap(([name, inner]) => inside(inner, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

/** A method is one choice: whoever changes its preset changes all of it. */
function overlaps(one: string, other: string): boolean {
  const room = (pointer: string): string => (pointer === '/method/preset' ? '/method' : pointer);
  const [a, b] = [room(one), room(other)];
  return a === b || `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function isRecipe(json: JsonObject): boolean {
  try {
    methodOf(parseRecipe(json, ''));
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
