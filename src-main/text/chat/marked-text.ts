import type { Opening } from '../../contract/data-view.ts';

/** A stretch of a text, in UTF-16 units, `end` excluded. */
export interface Span { start: number; end: number }

/** A row as one text, with the stretches of it that are learned. */
export interface MarkedText {
  text: string;
  /** What the model is given when it writes. */
  prompt: string;
  /** In order, none within another; none at all where there is nothing to learn. */
  spans: readonly Span[];
  opening: Opening | null;
}

/** A prompt and its completion, joined. */
export function plainText(prompt: string, completion: string | null): MarkedText {
  if (completion === null) return { text: prompt, prompt, spans: [], opening: null };
  const text = `${prompt}${completion}`;
  return { text, prompt, spans: [{ start: prompt.length, end: text.length }], opening: null };
}
