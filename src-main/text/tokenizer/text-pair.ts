import type { Tokenizer } from './tokenizer.ts';

export interface TextPair {
  ids: number[];
  /** 0 for the first text and what stands around it, 1 for the second, as `tokenizer.json` says. */
  types: number[];
}

/**
 * Two texts as one input of at most `limit` tokens. What is longer is cut as Transformers' `longest_first` cuts it: the
 * longer text loses its end.
 */
export function encodePair(tokenizer: Tokenizer, first: string, second: string, limit: number): TextPair {
  // The library takes an empty second text for none, so something stands in for it and is cut again.
  const pair = [first, second === '' ? 'a' : second] as const;
  const { ids, types } = tokenizer.encodePair(...pair);
  if (second !== '' && ids.length <= limit) return { ids, types };
  const [one, two] = pair.map((text) => tokenizer.encode(text, { special: false })) as [number[], number[]];
  const [keptOne, keptTwo] = longestFirst(one.length, second === '' ? 0 : two.length, limit - (ids.length - one.length - two.length));
  // Special tokens stand before the first text, between the two, and behind the second.
  const start = startOf(one, ids);
  const end = ids.length - startOf(two.toReversed(), ids.toReversed());
  const isKept = (_: number, at: number): boolean =>
    !(at >= start + keptOne && at < start + one.length) && !(at >= end - two.length + keptTwo && at < end);
  return { ids: ids.filter(isKept), types: types.filter(isKept) };
}

function startOf(text: readonly number[], ids: readonly number[]): number {
  return ids.findIndex((_, start) => text.every((id, at) => ids[start + at] === id));
}

/** How many tokens of two texts stay. */
function longestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second, Math.floor(room / 2));
  const longer = room - shorter;
  return first <= second ? [shorter, longer] : [longer, shorter];
}
