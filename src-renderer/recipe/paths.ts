/** A recipe as far as it has come: not validated, any field may be missing. */
export type UnfinishedRecipe = Readonly<Record<string, unknown>>;

/** The value at a path such as `data.train` or `stages.0.name`; undefined where it or something before it is missing. */
export function valueAt(recipe: UnfinishedRecipe, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (isRecord(at) ? at[key] : Array.isArray(at) ? at[Number(key)] : undefined), recipe);
}

/** A recipe with one value changed. `undefined` takes the field out, and a section out with its last field. */
export function withValue(recipe: UnfinishedRecipe, path: string, value: unknown): UnfinishedRecipe {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  const inner = rest.length === 0 ? value : withValue(isRecord(recipe[key]) ? recipe[key] : {}, rest.join('.'), value);
  const isGone = inner === undefined || (rest.length > 0 && isRecord(inner) && Object.keys(inner).length === 0);
  if (!isGone) return { ...recipe, [key]: inner };
  const { [key]: _, ...others } = recipe;
  return others;
}

/** The paths of all values, in order; lists count as values. */
export function pathsOf(recipe: UnfinishedRecipe, before = ''): string[] {
  return Object.entries(recipe).flatMap(([key, value]) => (isRecord(value) ? pathsOf(value, `${before}${key}.`) : [`${before}${key}`]));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
