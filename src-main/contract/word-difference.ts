import { diffWordsWithSpace } from 'diff';

/** A stretch of two texts: in both, only in the one, or only in the other. */
export interface WordChange { kind: 'same' | 'gone' | 'new'; text: string }

/** Word by word, what has to be taken out of a text and put into it to make it another. */
export function wordDifference(from: string, to: string): WordChange[] {
  return diffWordsWithSpace(from, to).map(({ added, removed, value }) => ({ kind: added ? 'new' : removed ? 'gone' : 'same', text: value }));
}
