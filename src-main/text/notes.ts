import type { Opening } from './chat/marked-text.ts';

/** What a person should know of how one example became tokens. */
export interface ExampleNotes {
  isMoved: boolean;
  opening: Opening | null;
  /** Keys of its messages, or "tools", that the template shows nothing of. */
  ignored: readonly string[];
}

/** The same of a whole data file. */
export interface TextNotes {
  examples: number;
  moved: number;
  openings: number;
  /** The first of them. */
  opening: Opening | null;
  /** How many examples have a key that the template does not show, by key. */
  ignored: Readonly<Record<string, number>>;
}

export function sumNotes(all: Iterable<ExampleNotes>): TextNotes {
  const ignored: Record<string, number> = {};
  const sum = { examples: 0, moved: 0, openings: 0, opening: null as Opening | null, ignored };
  for (const { isMoved, opening, ignored: keys } of all) {
    sum.examples++;
    if (isMoved) sum.moved++;
    if (opening) sum.openings++;
    sum.opening ??= opening;
    for (const key of keys) ignored[key] = (ignored[key] ?? 0) + 1;
  }
  return sum;
}
