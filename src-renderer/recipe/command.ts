import { fileSlug } from '../../src-main/contract/file-slug.ts';

/** The file name a recipe is saved under. */
export const recipeFileName = (name: string): string => `${fileSlug(name, 'recipe')}.retort`;

/** The command that does the same as Start, once the recipe is saved under `file`. */
export function equivalentCommand(file: string): string {
  return `retort run ${/^[\w./~:\\-]+$/.test(file) ? file : `"${file.replaceAll('"', '\\"')}"`}`;
}
