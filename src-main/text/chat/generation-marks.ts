import type { Span } from './marked-text.ts';

/** Characters that no text has: of the private use area. */
const [BEGIN, END] = ['\uf8f0', '\uf8f1'];
const TAG = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;

/** A template that writes a mark where `{% generation %}` begins and ends; null where it has no such tag. */
export function withMarks(source: string): string | null {
  const marked = source.replace(TAG, (_, before: string, end: string | undefined, behind: string) => (
    // Blocks, so that the white space around them is treated as around the tag itself.
    `{%${before} if true %}{{ '${end ? END : BEGIN}' }}{% endif ${behind}%}`));
  return marked === source ? null : marked;
}

/** The text without its marks, and what stands between them. */
export function readMarks(marked: string): { text: string; spans: Span[] } {
  const spans: Span[] = [];
  let text = '';
  for (const piece of marked.split(/([\uf8f0\uf8f1])/)) {
    if (piece === BEGIN) spans.push({ start: text.length, end: text.length });
    else if (piece === END) spans.at(-1)!.end = text.length;
    else text += piece;
  }
  return { text, spans };
}
