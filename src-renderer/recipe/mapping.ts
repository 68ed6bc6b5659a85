import type { DataPreview } from '../../src-main/contract/data-view.ts';
import { Problem } from '../../src-main/contract/problem.ts';
import { Template } from '../../src-main/contract/template.ts';

/** How the columns of a file become prompt and completion. */
export interface Mapping { prompt?: string; completion?: string; messages?: string }

const PROMPTS = ['prompt', 'question', 'instruction', 'input', 'source', 'document', 'article', 'email', 'text', 'en'];
const COMPLETIONS = ['completion', 'answer', 'response', 'output', 'target', 'solution', 'summary', 'subject', 'highlights', 'label', 'de'];

/** What the columns most likely mean, by their names; the person sees and changes it. */
export function suggestMapping({ columns, rows }: Pick<DataPreview, 'columns' | 'rows'>): Mapping {
  const chat = columns.find(({ kinds }) => kinds.includes('messages'));
  if (chat) return { messages: chat.name };
  const find = (names: readonly string[], but?: string): string | undefined =>
    names.flatMap((name) => columns.filter((column) => column.name !== but && column.name.toLowerCase() === name))[0]?.name;
  const completion = find(COMPLETIONS);
  const prompt = find(PROMPTS, completion);
  // Words are separated from the prompt by a space; data that knows no spaces has tokenizers that know none.
  const hasWords = rows.some((row) => [prompt, completion].some((name) => name !== undefined && String(row[name]).includes(' ')));
  return {
    ...(prompt !== undefined && { prompt: column(prompt) }),
    ...(completion !== undefined && { completion: `${hasWords ? ' ' : ''}${column(completion)}` }),
  };
}

/** A column in a template. */
export const column = (name: string): string => `{{${name}}}`;

/** What is wrong with a template for a file with these columns; null if nothing is. The message names the closest column. */
export function templateProblem(template: string, columns: readonly string[], file: string): Problem | null {
  try {
    new Template(template).check(columns, file);
    return null;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** The columns a template uses, the outermost names of nested ones; none where its braces do not match. */
export function columnsUsed(template: string | undefined, columns: readonly string[]): string[] {
  if (template === undefined) return [];
  try {
    return new Template(template).columns.map((name) => (columns.includes(name) ? name : name.split('.')[0]!));
  } catch {
    return [];
  }
}

/** A template filled in from a row, or why it cannot be. */
export function renderTemplate(template: string, row: Record<string, unknown>, where: string): { text: string } | { problem: string } {
  try {
    return { text: new Template(template).render(row, where) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
