import { allowedIn, ownerOf, PRESETS, resolveMethod, type PresetName } from '../../src-main/contract/presets.ts';
import { RECIPE_FIELDS } from './fields.ts';
import { pathsOf, valueAt, type UnfinishedRecipe } from './paths.ts';

/** A value that a recipe says and its preset, or the default, would not. */
export interface Difference { path: string; value: unknown; standard: unknown }

export function presetOf(recipe: UnfinishedRecipe): PresetName {
  const preset = valueAt(recipe, 'method.preset');
  return PRESETS.find((name) => name === preset) ?? 'gkd';
}

/** What a field is where the recipe does not say: by its preset in `method`, by the contract's default elsewhere. */
export function standardOf(preset: PresetName, path: string): unknown {
  if (path === 'method.preset') return 'gkd';
  if (!path.startsWith('method.')) return RECIPE_FIELDS.get(path)?.default;
  const { method } = resolveMethod({ preset });
  return (method as unknown as Record<string, unknown>)[path.slice('method.'.length)] ?? RECIPE_FIELDS.get(path)?.default;
}

/** The values the preset leaves to choose from in a field, or null where it leaves all. */
export function offeredBy(preset: PresetName, path: string): readonly unknown[] | null {
  const field = methodField(path);
  return field === null ? null : allowedIn(preset, field);
}

/** The only preset that a field is for, or null where it is for several. */
export function presetOfField(path: string): PresetName | null {
  const field = methodField(path);
  return field === null ? null : ownerOf(field);
}

/** The field of the method that a path lies in, such as `reward` of `method.reward.kind`. */
function methodField(path: string): string | null {
  const [section, field] = path.split('.');
  return section === 'method' ? field! : null;
}

/** Whether the preset leaves no choice in a field. */
export function isFixed(preset: PresetName, path: string): boolean {
  return offeredBy(preset, path)?.length === 1;
}

/** What a recipe changes: the values that differ from what its preset and the defaults say. Files and names always do. */
export function differences(recipe: UnfinishedRecipe): Difference[] {
  const preset = presetOf(recipe);
  return pathsOf(recipe).flatMap((path) => {
    const [value, standard] = [valueAt(recipe, path), standardOf(preset, path)];
    return JSON.stringify(value) === JSON.stringify(standard) ? [] : [{ path, value, standard }];
  });
}

/** A recipe under another preset: choices that the new preset does not leave are dropped, others stay. */
export function withPreset(recipe: UnfinishedRecipe, preset: PresetName): UnfinishedRecipe {
  const isKept = (name: string, value: unknown): boolean => !isFixed(preset, `method.${name}`) && (allowedIn(preset, name)?.includes(value) ?? true);
  const method = Object.entries((recipe['method'] ?? {}) as Record<string, unknown>).filter(([name, value]) => isKept(name, value));
  return { ...recipe, method: { ...Object.fromEntries(method), preset } };
}
