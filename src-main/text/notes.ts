import type { Opening, TextNotes } from '../contract/data-view.ts';

/** What a person should know of how one example became tokens. */
export interface ExampleNotes {
  isMoved: boolean;
  opening: Opening | null;
  /** Keys of its messages, or "tools", that the template shows nothing of. */
  ignored: readonly string[];
  /** Something of its text that the tokenizer has no token for. */
  missed: string | null;
}

export function sumNotes(all: Iterable<ExampleNotes>): TextNotes {
  let sum = NO_NOTES;
  for (const notes of all) sum = addNotes(sum, notes);
  return sum;
}

export const NO_NOTES: TextNotes = { examples: 0, moved: 0, openings: 0, opening: null, missed: 0, firstMissed: null, ignored: {} };

/** The notes of a file with those of one more example. */
export function addNotes(sum: TextNotes, { isMoved, opening, ignored, missed }: ExampleNotes): TextNotes {
  return {
    examples: sum.examples + 1,
    moved: sum.moved + (isMoved ? 1 : 0),
    openings: sum.openings + (opening ? 1 : 0),
    opening: sum.opening ?? opening,
    missed: sum.missed + (missed === null ? 0 : 1),
    firstMissed: sum.firstMissed ?? missed,
    ignored: ignored.length === 0 ? sum.ignored : { ...sum.ignored, ...Object.fromEntries(ignored.map((key) => [key, (sum.ignored[key] ?? 0) + 1])) },
  };
}
