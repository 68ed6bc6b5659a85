/** The file name a recipe is saved under: its own name, with nothing a file system or a shell would stumble over. */
export function recipeFileName(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
  return `${plain === '' ? 'recipe' : plain}.retort.json`;
}

/** The command that does the same as Start, once the recipe is saved under `file`. */
export function equivalentCommand(file: string): string {
  return `retort run ${/^[\w./~:\\-]+$/.test(file) ? file : `"${file.replaceAll('"', '\\"')}"`}`;
}
