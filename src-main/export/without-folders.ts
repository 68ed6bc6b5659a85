import type { Recipe } from '../contract/recipe.ts';

/** What goes to other people names models and files, not a person's folders: those are nobody else's business. */

/** The last part of a path. */
export const lastName = (path: string): string => path.split(/[\\/]/).filter((part) => part !== '').at(-1) ?? path;

const isPath = (text: string): boolean => /^([A-Za-z]:)?[\\/]/.test(text);

/** A recipe as JSON, with the last part of every absolute path. */
export const shareableRecipe = (recipe: Recipe): string =>
  JSON.stringify(recipe, (_, value: unknown) => (typeof value === 'string' && isPath(value) ? lastName(value) : value), 2);

/** A message in which every absolute path is cut down to its last part. */
export const shareableText = (text: string): string =>
  text.replaceAll(/(?<![\w.~])(?:[A-Za-z]:)?[\\/](?:[^\s"'`,;:()\\/]+[\\/])*[^\s"'`,;:()\\/]+/g, lastName);
