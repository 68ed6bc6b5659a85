/** The text that explains a field wherever it is met: in the wizard, in `docs/recipe.md`. */
export const help = (text: string): { description: string } => ({ description: text });
