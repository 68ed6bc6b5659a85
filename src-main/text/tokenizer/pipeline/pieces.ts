import type { Pattern } from './pattern.ts';
import type { SplitBehavior } from './split-behavior.ts';

/** A part of a text on its way to the model. */
export interface Piece {
  text: string;
  /** Whether it begins where the whole text begins. */
  atStart: boolean;
}

/** Cuts pieces into smaller ones, never empty. */
export type PreTokenizer = (pieces: readonly Piece[]) => Piece[];

/** Splits each piece at the matches of a pattern. */
export function splitter(pattern: Pattern, behavior: SplitBehavior): PreTokenizer {
  return (pieces) => pieces.flatMap(({ text, atStart }) => behavior(pattern(text))
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => ({ text: text.slice(start, end), atStart: atStart && start === 0 })));
}
