/** A chat template without what only trainers read: the tags that mark what a model generates, which other engines refuse. */
export function portableTemplate(source: string): string {
  return source.replaceAll(/\{%([-+]?)\s*(?:end)?generation\s*([-+]?)%\}/g, (_, before: string, behind: string) => {
    // A tag that takes the white space beside it away still does so where an empty one stands.
    return before === '-' || behind === '-' ? `{#${before} ${behind}#}` : '';
  });
}
