/**
 * Where a place in a text lies among the text's tokens.
 *
 * @param ids     of the whole text
 * @param before  of what stands before the place, by itself
 * @returns the first token that has anything of what follows, and whether it also has something of what stands before
 */
export function tokenAt(ids: readonly number[], before: readonly number[], decode: (ids: readonly number[]) => string): { at: number; isInside: boolean } {
  let same = 0;
  while (same < before.length && before[same] === ids[same]) same++;
  if (same === before.length) return { at: same, isInside: false };
  // From here on the tokens are others than those of the beginning alone; some may still end before the place.
  // Whole beginnings are decoded, since some decoders drop the space before a first token.
  const wanted = decode(before);
  let at = same;
  for (let end = same + 1; end <= ids.length; end++) {
    const text = decode(ids.slice(0, end));
    if (wanted.startsWith(text)) at = end;
    // A character that is not whole yet shows as one or more of these.
    if (text.replace(/\ufffd+$/, '').length >= wanted.length) break;
  }
  return { at, isInside: decode(ids.slice(0, at)) !== wanted };
}
