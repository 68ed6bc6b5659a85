import type { Recipe } from '../contract/recipe.ts';
import { withPaths } from '../contract/recipe-paths.ts';

/** What goes to other people names models and files, not a person's folders: those are nobody else's business. */

/** The last part of a path. */
export const lastName = (path: string): string => path.split(/[\\/]/).filter((part) => part !== '').at(-1) ?? path;

const isPath = (text: string): boolean => /^([A-Za-z]:)?[\\/]/.test(text);

/** A recipe that names its files by the last parts of their paths; of a command's arguments the same. */
export function withoutFolders(recipe: Recipe): Recipe {
  const cut = (path: string): string => (isPath(path) ? lastName(path) : path);
  const named = withPaths(recipe, cut);
  const withoutThem = <M extends Partial<Pick<Recipe['method'], 'reward'>>>(method: M): M =>
    (method.reward?.kind === 'command' ? { ...method, reward: { ...method.reward, command: method.reward.command.map(cut) } } : method);
  return {
    ...named, method: withoutThem(named.method),
    ...(named.stages && { stages: named.stages.map((stage) => (stage.method ? { ...stage, method: withoutThem(stage.method) } : stage)) }),
  };
}

/** The same as JSON. */
export const shareableRecipe = (recipe: Recipe): string => JSON.stringify(withoutFolders(recipe), null, 2);

/** A message in which every absolute path is cut down to its last part. */
export const shareableText = (text: string): string =>
  text.replaceAll(/(?<![\w.~])(?:[A-Za-z]:)?[\\/](?:[^\s"'`,;:()\\/]+[\\/])*[^\s"'`,;:()\\/]+/g, lastName);
