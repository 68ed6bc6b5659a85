import type { Advice } from '../../contract/advice.ts';
import { applyChange } from '../../contract/apply-change.ts';
import type { Change } from '../../contract/finding.ts';
import type { JsonObject } from '../../contract/merge-patch.ts';
import { Problem } from '../../contract/problem.ts';
import { stagesOf } from '../../contract/stages.ts';
import { methodOf, parseRecipe } from '../recipe/recipe-file.ts';

/** A field of the recipe that advice sets, as a JSON Pointer (RFC 6901); `null` takes it away. */
export interface SetField { pointer: string; value: unknown }

/** A recipe with the advice taken that can be: of two that change one field the first, and none that would make it wrong. */
export function takeAdvice(recipe: JsonObject, advice: readonly Advice[]): { recipe: JsonObject; taken: { code: string; label: string; changes: SetField[] }[] } {
  let changed = recipe;
  const taken: { code: string; label: string; changes: SetField[] }[] = [];
  const touched: string[] = [];
  for (const { code, mend, mends } of advice) {
    const mine = (mend ? [mend] : mends ?? []).find((one) => {
      const pointers = changesOf(one).map(({ pointer }) => pointer);
      return !pointers.some((pointer) => touched.some((other) => overlaps(pointer, other))) && isRecipe(applyChange(changed, one));
    });
    if (!mine) continue;
    const changes = changesOf(mine);
    changed = applyChange(changed, mine);
    touched.push(...changes.map(({ pointer }) => pointer));
    taken.push({ code, label: mine.label, changes });
  }
  return { recipe: changed, taken };
}

/** A change as the fields that it sets. */
export function changesOf({ patch, stage }: Change): SetField[] {
  if (!stage || stage.isNew) return inside(patch, '');
  const { stages, ...rest } = patch;
  const at = (stages as { name: string }[]).findIndex(({ name }) => name === stage.name);
  return [...(Object.keys(rest).length > 0 ? inside(rest, '') : []), ...inside(stage.patch, `/stages/${at}`)];
}

function inside(value: unknown, pointer: string): SetField[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return [{ pointer, value }];
  return Object.entries(value).flatMap(([name, inner]) => inside(inner, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

/** A method is one choice: whoever changes its preset changes all of it. */
function overlaps(one: string, other: string): boolean {
  const room = (pointer: string): string => pointer.replace(/\/method\/preset$/, '/method');
  const [a, b] = [room(one), room(other)];
  return a === b || `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function isRecipe(json: JsonObject): boolean {
  try {
    for (const { recipe } of stagesOf(parseRecipe(json, ''))) methodOf(recipe);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
